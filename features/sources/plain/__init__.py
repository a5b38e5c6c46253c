"""Plain tables as hospitals export them: a layout says how they are written, so that nothing has to be guessed."""

"""What is received is checked here: converted, or refused with a reason and its source row."""

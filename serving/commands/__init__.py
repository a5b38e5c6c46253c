"""The subcommands of `python -m serving` around the server: the server itself, keys, the audit log."""

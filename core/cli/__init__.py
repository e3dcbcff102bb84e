"""The command line: one row a command in `core.cli.commands`, arguments, answers, what is printed."""

"""The command line: one row a command in `cutwise.cli.commands`, arguments, answers, what is printed."""

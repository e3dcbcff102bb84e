"""Everything that is given, and its files."""

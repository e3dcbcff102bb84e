"""What somebody measured, and the constants of a machine that it says: rows, tables of splits, files."""

"""Rows by their number: what paths may be, how rows are laid out, random numbers by their index."""

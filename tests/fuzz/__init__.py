"""Mutated input of every kind beside model files: it is read and comes back, or ends in one kind of error."""

"""A smooth function under constraints."""

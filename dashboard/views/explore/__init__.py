"""Explore: what would change the answer."""

"""Configurations in other words than a family's own, put into those: old ones, other publishers', nested."""

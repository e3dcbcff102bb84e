"""Quantities of a scenario as axes: where they stand, what scores depend on by them, what is held beside."""

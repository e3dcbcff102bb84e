"""Rounds whose devices are divided into groups: what their number does."""

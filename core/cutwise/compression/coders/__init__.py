"""Coders of numbers into bits."""

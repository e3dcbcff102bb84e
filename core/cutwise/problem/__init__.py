"""The question as numbers."""

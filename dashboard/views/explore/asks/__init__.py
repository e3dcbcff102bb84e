"""Explore: questions about a plan, each a section drawn from its analysis alone."""

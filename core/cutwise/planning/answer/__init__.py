"""Decisions put together as a plan, with what is known of it."""

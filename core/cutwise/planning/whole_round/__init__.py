"""Cuts of all devices of a round together."""

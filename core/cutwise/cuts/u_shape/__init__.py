"""Cuts with both ends on the device."""

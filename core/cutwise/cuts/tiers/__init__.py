"""Cuts into device, edge, cloud and more."""

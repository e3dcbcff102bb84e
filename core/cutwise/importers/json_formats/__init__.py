"""Graphs written in JSON."""

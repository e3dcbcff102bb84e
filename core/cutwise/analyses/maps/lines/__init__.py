"""Scores as lines, and what is lowest along them: runs, rows, grids, and parting where no line tells."""

"""Scores as lines, and what is lowest along them: runs, rows, grids, and halving where no line tells."""

"""The cut of every row: the best within its limits, else the nearest to them, and what it takes."""

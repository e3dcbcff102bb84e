"""Which cut or scheme is best where, over one quantity or two: maps, and where a plan changes."""

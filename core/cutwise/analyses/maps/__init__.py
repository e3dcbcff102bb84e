"""Which cut or scheme is best where, over one quantity or two: maps, and the values at which a plan changes."""

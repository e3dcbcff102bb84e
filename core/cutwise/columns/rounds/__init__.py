"""Rounds of fleets in rows: each device's answer alone, the best split of a band, how a round adds up."""

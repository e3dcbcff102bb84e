"""Rounds of fleets in rows: every device alone, the best split of a band, and how a round adds up."""

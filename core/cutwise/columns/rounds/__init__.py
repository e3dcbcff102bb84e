<<<<<<< HEAD
"""Rounds of fleets in rows: every device alone, the best split of a band, and how a round adds up."""
=======
"""Rounds of fleets in rows: each device's answer alone, the best split of a band, how a round adds up."""
>>>>>>> main

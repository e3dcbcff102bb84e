"""Reading what nobody vouches for: looked over first, and in a process of its own where it may cost much."""

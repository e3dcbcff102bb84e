"""Models that were cut between two machines: seconds of every cut, and which cut would have been chosen."""

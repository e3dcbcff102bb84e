"""Maps of whole rounds: the cuts of all devices, and which scheme is best, finer along borders."""

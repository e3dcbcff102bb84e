"""Which cut for one device."""

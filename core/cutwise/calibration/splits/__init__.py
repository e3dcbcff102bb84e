"""Tables of splits that somebody measured: read as they are pasted, and what they say of both machines."""

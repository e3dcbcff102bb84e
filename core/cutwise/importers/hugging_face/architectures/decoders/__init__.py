"""Decoders of text whose layers differ in their norms, branches and positions."""

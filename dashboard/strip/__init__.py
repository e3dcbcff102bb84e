"""What the strip of chips shows: every field of scenario, scheme and model, in groups."""

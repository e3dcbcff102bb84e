"""What the strip of chips shows: every field of the scenario, of the scheme and of the model's sizes, in groups."""

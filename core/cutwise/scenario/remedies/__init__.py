"""One sentence for what a scenario spells otherwise: the key or the value to write in its place."""

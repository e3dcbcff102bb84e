"""Learn: why the answers are as they are, one story at a time."""

"""Models that see: patches as tokens, windows of them, towers for images and texts, convolutions."""

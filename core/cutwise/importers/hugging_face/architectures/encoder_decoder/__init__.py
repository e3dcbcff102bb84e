"""Models of two halves: an encoder, and a decoder that reads its result in every layer."""

"""What a model costs: floating-point operations, bytes and memory of every op."""

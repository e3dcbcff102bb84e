"""Where a model can be cut: cut points, the pool of splits, max-flow, limits."""

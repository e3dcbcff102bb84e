"""What a model is: ops, tensors, weights and their order."""

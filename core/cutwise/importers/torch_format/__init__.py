"""Programs of torch.export, and modules."""

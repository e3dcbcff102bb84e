"""Modules, inputs and results of any form, made such that torch.export takes them."""

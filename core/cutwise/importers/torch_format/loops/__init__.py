"""Loops of a torch.export program: how often they run, and their steps read side by side."""

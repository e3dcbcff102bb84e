"""Data that Cutwise ships: the hardware catalogue, scenarios, icons."""

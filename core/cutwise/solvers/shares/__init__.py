"""The split of divisible resources that ends the last of many first."""

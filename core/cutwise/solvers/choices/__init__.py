"""One option an item together with the split of a resource."""

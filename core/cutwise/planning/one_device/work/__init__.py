"""What work on a device counts as, for a pool of cuts."""

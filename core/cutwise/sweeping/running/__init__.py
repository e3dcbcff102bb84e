"""Who makes the parts, what that takes, how far it is."""

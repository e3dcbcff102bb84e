"""What devices meet at many points of a scenario, their cuts, and what those cost there."""

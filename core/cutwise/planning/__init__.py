"""From a problem to the decisions of a plan: what schemes share."""

"""Items into groups, clusters and machines."""

"""How the published architectures are built: one module for those that share most of their parts."""

"""Files and folders of the machine: read whole and bounded, written whole or not at all, and cleared away."""

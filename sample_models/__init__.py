"""Model files shipped with Cutwise: real architectures, graphs only, no weights."""

"""The kernels that each op of a model runs as, in which number format, and what they hold."""

"""Parts of diffusers pipelines: the network that takes noise away, from its configuration."""

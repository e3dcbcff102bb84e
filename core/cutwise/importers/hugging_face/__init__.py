"""Hugging Face configurations and safetensors headers."""

"""What generating text with a language model takes: a prompt, then one step for every new token."""

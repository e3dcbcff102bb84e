"""Questions side by side: what differs among them in words, and what comes of each."""

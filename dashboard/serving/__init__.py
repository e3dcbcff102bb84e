"""The front door: how the page is set and served, who is let in, what answers carry, what is bounded."""

"""Questions whose model is named and not loaded: what a page holds, a link carries and a file saves."""

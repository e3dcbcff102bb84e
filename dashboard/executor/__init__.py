"""Where answers are worked out: in the page's own process where that is quick, else in a worker."""

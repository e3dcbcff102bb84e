"""A real testbed: two processes train one split model, with a paced link between them."""

"""A real testbed: a device and a server, two processes with a paced link between them, train one split model."""

"""Who gets how much of band and server, and in which group."""

"""The state of a session: one frozen question on a history that numbered commands extend."""

"""Which axis of the inputs carries the samples: every input axis is followed through the ops of a program."""

"""Options of a training run: what is tuned, loss, quantisation, and what programs do by default."""

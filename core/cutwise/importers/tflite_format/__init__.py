"""TensorFlow Lite: the operators and tensors of a file as a graph that is run, never trained."""

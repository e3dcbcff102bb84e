"""Keras: the JSON of a saved model as a graph; neither weights nor code of it is read."""

"""GGUF, the files of llama.cpp: sizes of a model as named values, its weights by name, shape and type."""

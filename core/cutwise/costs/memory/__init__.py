"""Bytes that training and inference hold."""

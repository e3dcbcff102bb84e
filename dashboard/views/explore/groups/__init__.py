"""Explore: how many groups the devices of a round are divided into."""

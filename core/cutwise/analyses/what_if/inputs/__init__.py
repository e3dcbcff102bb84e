"""Inputs that are changed or drawn, the answers row by row, and searches among them."""

"""Swept paths as columns of numbers: a plan for every row, without a scenario a row."""

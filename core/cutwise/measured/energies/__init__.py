"""Power and time at clocks and under caps that others measured, beside the laws of energy."""

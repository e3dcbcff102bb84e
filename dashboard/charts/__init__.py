"""Figures: functions from the library's values to a chart; none knows the page."""

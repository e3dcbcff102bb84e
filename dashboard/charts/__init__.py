"""Figures: functions from core values to a chart; none knows the page."""

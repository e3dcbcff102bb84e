"""Times that others measured, beside what the library predicts for the same model on the same part."""

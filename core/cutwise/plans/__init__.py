"""The answer as a value, and its one evaluator."""

"""What a scenario is asked beyond one plan: comparisons, sweeps, curves, re-planning, explanations."""

"""What a plan can trade, as figures: fronts, swings, epochs, what a cut gives away."""

"""What a headline figure is made of, with numbers put in, and where each number comes from."""

"""Mathematics that schemes call; it knows no domain words."""

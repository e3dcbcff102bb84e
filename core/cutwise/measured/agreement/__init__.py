"""How near predictions come to what was measured: rows side by side, and bounds that they keep."""

"""What a sweep writes: Arrow tables with units, a folder of parts, one file made of them."""

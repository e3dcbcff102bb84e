"""What stands between a file nobody vouches for and its reader."""

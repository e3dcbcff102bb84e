"""What would have to change, what changes most, and how sure an answer is: one question a file."""

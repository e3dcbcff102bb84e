"""Words that people of this field write, and what each means here: keys, values, units, parts."""

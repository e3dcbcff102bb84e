"""The cards of the pages: each draws one value and answers what the reader did."""

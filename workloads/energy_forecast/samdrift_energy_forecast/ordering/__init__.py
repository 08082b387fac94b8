"""Which plans are ordered, from what is in the tables, and what became of them."""

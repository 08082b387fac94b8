"""A robot's hands: a browser that is kept warm, and what is seen of a page through it."""

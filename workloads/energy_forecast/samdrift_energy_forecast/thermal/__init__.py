"""How a building and its rooms take heat: what is learnt from readings, and how warm it must be."""

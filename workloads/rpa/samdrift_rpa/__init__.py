"""Administrative work done once and only once."""

"""A small workload of the tests, with pages of its own: readings of a water meter."""

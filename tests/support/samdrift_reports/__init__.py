"""Evaluation reports that tests look at."""

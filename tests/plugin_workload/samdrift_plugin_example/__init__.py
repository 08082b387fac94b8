"""Workloads of a third party: errands that come first, chores that wait, and an oracle that needs a model."""

"""Writes the beginning of a process: a small package that works at once, with its test."""

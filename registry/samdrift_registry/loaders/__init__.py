"""Loads verified models of the kinds that are taken in, each by the one way that runs no code of the model's maker.

Only a `VerifiedModel` is accepted: its files are those that were signed, byte for byte. They were looked into before
they were signed, and are again here, because the rules may have become stricter since.
"""

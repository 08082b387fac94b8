"""Decoding the pixels of an image, by the fastest installed decoder of its transfer syntax."""

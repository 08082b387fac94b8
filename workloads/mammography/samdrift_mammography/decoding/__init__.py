"""From Pixel Data to stored values, by the fastest installed decoder of each transfer syntax.

The decoders that are written in C and C++ run in a process of their own: on damaged data they crash, hang or ask for
all memory there is, and a file must never take a replica with it.
"""

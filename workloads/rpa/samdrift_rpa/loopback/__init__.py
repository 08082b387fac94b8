"""A tiny ERP system and access point on 127.0.0.1, for the demonstration and the tests: deliberately a bad peer.

It fails after it has done the work, and it does not notice when it is asked to do the same thing twice, unless told
to. Its own log is therefore the witness of whether anything happened twice.
"""

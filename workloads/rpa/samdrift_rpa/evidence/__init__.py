"""Pictures and traces of what a robot did: masked, encrypted, for a while, and looked at by name only."""

"""The parties outside that processes hand their effects to."""

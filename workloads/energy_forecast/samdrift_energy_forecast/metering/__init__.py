"""What meters and sensors of a building said: as files, pushed, kept as they came, and read back for a plan."""

"""A plan once it is made: its document, its words in Danish and English, and the set-points that people put on top."""

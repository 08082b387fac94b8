"""A building as its owner describes it: the document, its calendar, what heats it and what that costs, on file."""

"""Digital Post: letters in MeMo 1.1 and 1.2, read, sorted, journalised, routed and acknowledged."""

"""The worklist as a table that pages read: what each entry is, how it follows the ledger, how it is asked."""

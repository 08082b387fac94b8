"""What was done, what it took and what it saved: counted from the ledger's items, decisions and benefits."""

"""Each building's newest plan, as people look for it: kept in step with the ledger, asked page by page."""

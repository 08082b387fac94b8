"""What was done, what it took and what it saved: counted from the ledger's items, decisions and benefits."""

#: The workload whose items are counted.
WORKLOAD = "rpa"

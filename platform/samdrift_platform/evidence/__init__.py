"""What an auditor asks for, made from registry and ledger: history, replay, records of use, cards and files."""

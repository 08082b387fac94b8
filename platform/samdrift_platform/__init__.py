"""Hosts any workload on one Ray cluster: ledger, admission, delivery, control plane and portal."""

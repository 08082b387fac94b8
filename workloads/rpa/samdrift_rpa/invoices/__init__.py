"""Incoming invoices and credit notes: held to their rules, matched, posted once and answered once."""

"""The one record of work: submissions, items, effects, benefits and the audit chain, in SQL."""

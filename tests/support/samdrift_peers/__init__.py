"""Other people's forecasting libraries, run in an interpreter of their own so that they need not be installed here."""

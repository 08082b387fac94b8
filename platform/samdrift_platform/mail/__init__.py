"""E-mail as a receiver: each message once, with a journal, because a mail server cannot be asked what it has."""

"""Text of PDF documents, read in a process of its own.

A PDF is a programme of strangers: its reader has had dozens of ways to be kept busy for ever or to be fed until memory
ends. So it works in a process that can be lost, with limits, and that opens no file and no connection.
"""

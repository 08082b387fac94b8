"""How cases come in: files laid into a folder, and cases that a process collects at set times.

The others need no code here: a program submits over the API, a person runs `samdrift rpa run`.
"""

"""A legacy application on 127.0.0.1, for the demonstration and the tests: a register with web forms.

Server-rendered pages, a session that is kept in memory, several pages a form, no interface but its pages: deliberately
like what robots are made for, and deliberately a bad peer. Its own log says what was saved, how often and with what in
which field. It resembles no real system, and everybody in it is made up.
"""

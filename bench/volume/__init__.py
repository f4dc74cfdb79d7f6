"""A desk after a year of much work: a million tickets and five million audit entries, made in under two minutes.

`tickets` and `entries` make rows as plain values, `loading` takes them into SQLite or PostgreSQL, `__main__` is
the command.
"""

"""How the databases carry out the product's own statements, on a desk of many tickets.

`hearing` notes statements and asks for their plans, `acts` names what is done, `surroundings` fills the tables that
hang on the tickets, `review` does one database, `table` writes `docs/query-plans.md`, `__main__` is the command.
"""

"""Telling the outside about tickets: planned as rows, claimed under a lease, sent once, recorded.

`planning` decides what is to be told, `claims` who does it, `running` does one attempt, `outcomes` writes down
how it ended; one module per channel knows how to tell, and how to look whether it was told already.
"""

"""What a spreadsheet would run: the one list for every file that leaves."""

STARTS_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
"""First characters of a formula, of a command, or of the blank before one."""

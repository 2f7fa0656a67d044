"""Reading a county's own workbook, and writing what could not be read back to the clerk.

Everything here except ``loading`` and ``exports`` is plain Python: no database, no
settings, no clock. :func:`pipeline.spreadsheets.ledger.read_ledger` is the way in.
"""

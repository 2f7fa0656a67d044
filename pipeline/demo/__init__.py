"""A county to look at: people to log in as, a ledger, projects under way; and any number
of invented projects for measuring.

Nothing here is true of a real county but what the names say. It goes only into a database
that was empty when the demonstration first came (:func:`pipeline.demo.people.claim_database`).
"""

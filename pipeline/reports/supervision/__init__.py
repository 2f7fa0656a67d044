"""The county's monthly bulletin on kept and broken promises (一月一通报).

``numbers`` asks how the promises stood at the month's end and the one before; ``tables``
and ``narrative`` write S1 to S9 and the sentences from them, in the structure of the other
bulletins, so that every format, version and comparison is theirs.
"""

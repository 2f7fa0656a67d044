"""A meeting's minutes, split into the tasks that were decided.

Plain Python but for the units' names: no database, no clock. :func:`split` reads text,
:func:`written` writes tasks so that :func:`split` reads the same again, and
:mod:`pipeline.minutes.files` makes text of what is uploaded.
"""

from pipeline.minutes.deadlines import BadDeadline, read_deadline
from pipeline.minutes.splitting import Proposed, split, written

__all__ = ["BadDeadline", "Proposed", "read_deadline", "split", "written"]

"""Why something was not done, in words for the person who asked for it."""

from collections.abc import Sequence
from typing import Any


class Refused(Exception):
    """A verb declined: nothing was changed.

    ``code`` names the reason for programs, ``message`` says in the reader's language
    what is wrong and what to do; ``details`` lists the single points where there are
    several (the requirements of a gate that are not met).
    """

    code = "refused"

    def __init__(self, message: Any, *, details: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(Refused):
    """The person's role or scope does not cover this act."""

    code = "not_allowed"


class ReasonNeeded(Refused):
    """This act has to be explained."""

    code = "reason_needed"

"""Why a milestone was not claimed, verified, returned, revoked or corrected."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from crm.refusals import NotAllowed, Refused
from pipeline.gates import Requirement


class GateClosed(Refused):
    """Something that the milestone requires is missing; ``details`` are the requirements."""

    code = "gate_closed"

    def __init__(self, needs: Sequence[Requirement]) -> None:
        listed = "、".join(str(need.label) for need in needs)
        super().__init__(_("还缺：%(needs)s") % {"needs": listed}, details=needs)


class AlreadyDecided(Refused):
    """The claim has been verified or returned, or the milestone revoked, in the meantime."""

    code = "already_decided"


class AlreadyThere(Refused):
    """The project has an open claim or an effective milestone of this kind."""

    code = "already_there"


class OwnClaim(NotAllowed):
    """A claim must be verified by somebody else."""

    code = "own_claim"


class StillBuiltOn(Refused):
    """Another effective milestone builds on the one to be revoked."""

    code = "still_built_on"

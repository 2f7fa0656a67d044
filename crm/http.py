"""What views share: the right to open a page at all."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from crm.models import User
from crm.rights import may

P = ParamSpec("P")


class SignedIn(HttpRequest):
    """A request of somebody who has logged in, which every page of ours needs."""

    user: User


Guarded = Callable[Concatenate[SignedIn, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def allowed(act: str) -> Callable[[Guarded[P]], View[P]]:
    """The view answers 403 to a role that may not do ``act`` (``crm.rights``).

    The view tells its ``act`` to whoever wants to offer the page. Whether a row lies in the
    person's scope is the view's own question: it loads by ``visible_to(user)`` and answers
    404.
    """

    def decorate(view: Guarded[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not isinstance(request.user, User) or not may(request.user, act):
                raise PermissionDenied
            return view(cast(SignedIn, request), *args, **kwargs)

        guarded.act = act  # type: ignore[attr-defined]
        return guarded

    return decorate

"""For pages that change nothing: repeated questions to the database are asked once."""

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from accounts.access import current_membership, roles_of
from certportal.foundation.database.query_cache import know, one_reading


def read_once[R](view: Callable[..., R]) -> Callable[..., R]:
    """Decorate a view, or a part of one, that changes nothing, to ask each question once.

    What the middleware has already read is not asked at all. Put it above the guards, which ask the
    first questions.
    """

    @functools.wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> R:
        with one_reading():
            membership = getattr(request, "membership", None)
            if membership is not None:
                person = membership.person
                know(current_membership, membership, person, membership.organisation_id)
            roles = getattr(request, "staff_roles", None)
            if roles is not None:
                roles_of.know(roles, request.person)  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

    return shown

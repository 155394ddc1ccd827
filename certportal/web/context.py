"""Template context of every page: environment, person and session times."""

import functools
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts import access
from accounts.acting_for import memberships
from accounts.models import Person, StaffRole
from accounts.services.people import sessions
from applications.views.account import navigation as account
from applications.views.console import navigation as console
from certportal.foundation import agency, clock, notices

WARNING_SECONDS = 300


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return environment, person, organisation, staff roles, navigation, session times.

    Also the agency's contact details and the operator's notices. Values that need the database are
    callables, so that pages that do not show them do not query. Responses made before the
    middleware ran (an early 404, a test) have no person.
    """
    person: Person | None = getattr(request, "person", None)
    row = getattr(request, "sign_on", None)
    return {
        "environment": settings.PORTAL_ENV,
        "person": person,
        "agency": agency.contact,
        "service_notices": lambda: notices.shown(now=clock.now()),
        "account_parts": functools.partial(account.items, request) if person else (),
        "acting_for": getattr(request, "organisation", None),
        "may_choose": lambda: person is not None and len(memberships(request, person)) > 1,
        "reviews": lambda: StaffRole.Kind.REVIEWER in access.staff_roles(request),
        "reads_console": lambda: bool(access.staff_roles(request)),
        "audits": lambda: StaffRole.Kind.AUDITOR in access.staff_roles(request),
        "names_staff": getattr(request, "user", None) is not None and request.user.is_superuser,
        "desk": functools.cache(functools.partial(console.items, request)),
        "session_ends": row and sessions.latest_end(row),
        "session_rest_seconds": sessions.seconds_left(row, now=clock.now()),
        "session_minutes": settings.SESSION_COOKIE_AGE // 60,
        "session_seconds": settings.SESSION_COOKIE_AGE,
        "session_warning_seconds": min(WARNING_SECONDS, settings.SESSION_COOKIE_AGE // 2),
    }

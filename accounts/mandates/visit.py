"""A founder's visit to the source of mandates, kept in the session until the account is founded.

The person chooses to visit the source (`begin`) and identifies, by which the source is told who
comes (`introduce`), goes to the source (`leave`) and comes back (`come_back`). The confirmed right
is then kept until the account is founded (`confirmed`).
"""

import hmac
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.urls import reverse

from accounts.mandates import refusals
from accounts.mandates.introduced import Introduced
from accounts.mandates.protocol import Mandate, Visited
from accounts.models import Membership, Person
from certportal.foundation import clock
from certportal.foundation.errors import Refused, Unavailable

log = structlog.get_logger(__name__)

KEY = "mandates"
# From `begin` until the return, with the identification in between.
LASTS = timedelta(minutes=20)
# How long a confirmed right is kept for founding the account.
CONFIRMATION_LASTS = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Return:
    """A visit that this browser began, and for which organisation."""

    business_id: str
    introduced: Introduced


def begin(
    session: SessionBase, person: Person, business_id: str, typed: dict[str, str], *, now: datetime
) -> None:
    """Store that the person wants to visit the source, and what they have typed in the form."""
    session[KEY] = {
        "person": str(person.pk),
        "business_id": business_id,
        "typed": typed,
        "at": now.isoformat(),
    }


def pending(session: SessionBase, person: Person, business_id: str) -> dict[str, Any] | None:
    """Return what the session holds on a visit of this person for this organisation, or None."""
    held: dict[str, Any] = session.get(KEY, {})
    fits = held.get("person") == str(person.pk) and held.get("business_id") == business_id
    return held if fits else None


def typed(session: SessionBase, person: Person, business_id: str) -> dict[str, str]:
    """Return what the person had typed in this organisation's form before the visit."""
    held = pending(session, person, business_id)
    return dict(held["typed"]) if held else {}


def restart_time(session: SessionBase, *, now: datetime) -> None:
    session[KEY] = session[KEY] | {"at": now.isoformat()}


def forget(session: SessionBase) -> None:
    """Remove everything about the visit, when the account is founded."""
    session.pop(KEY, None)


def introduce(session: SessionBase, introduced: Introduced | None, *, fault: str = "") -> None:
    """Store the session at the source, or why it was not told who comes: a key of `FAULTS`."""
    if KEY in session:
        more = {"introduced": asdict(introduced)} if introduced else {"fault": fault}
        session[KEY] = session[KEY] | more


FAULTS: dict[str, Any] = {
    "cancelled": refusals.TurnedBack.message,
    "foreign": refusals.Foreign.message,
    "not identified": refusals.NOT_IDENTIFIED,
    "silent": refusals.SILENT,
}


def fault(session: SessionBase) -> str:
    """Remove and return, in words, why the source was not told who comes; empty without a fault."""
    held = session.get(KEY, {})
    found = held.pop("fault", "")
    if found:
        session[KEY] = held
    return str(FAULTS[found]) if found else ""


def leave(request: HttpRequest, source: Visited, *, language: str, now: datetime) -> str:
    """Return the source's address for the person it was told of; empty if it was told of nobody.

    The session at the source can be used once: the answer must bring the state stored here.
    """
    held = request.session.get(KEY, {})
    stored = held.pop("introduced", None)
    if stored is None or _is_over(held, LASTS, now):
        return ""
    introduced, state = Introduced(**stored), secrets.token_urlsafe(32)
    held |= {"left": {"state": state, "introduced": stored}, "language": language}
    request.session[KEY] = held
    return source.address(introduced, state=state, callback=callback(request), language=language)


def begun(session: SessionBase) -> tuple[str, str]:
    """Return the language and the business ID of the session's last visit; empty without one."""
    held = session.get(KEY, {})
    return held.get("language", ""), held.get("business_id", "")


def remembered(session: SessionBase, state: str, *, now: datetime) -> Return | None:
    """Return the visit with this state, which works once, or None.

    A wrong state does not end the visit: another site may have sent the browser here.
    """
    held = session.get(KEY, {})
    left = held.get("left")
    if left is None or not hmac.compare_digest(left["state"].encode(), state.encode()):
        return None
    del held["left"]
    session[KEY] = held
    if _is_over(held, LASTS, now):
        return None
    return Return(held["business_id"], Introduced(**left["introduced"]))


def come_back(
    request: HttpRequest, source: Visited, back: Return | None, *, now: datetime
) -> Mandate:
    """Ask the source for the right that the visit showed, and store it for the founding.

    Raises NotShown (logged), or Refused if the source does not answer.
    """
    try:
        if back is None:
            raise refusals.Over("state")
        if not request.GET.get("code"):
            raise refusals.TurnedBack
        mandate = source.shown(
            back.introduced, request.GET["code"], back.business_id, callback=callback(request)
        )
    except refusals.NotShown as refusal:
        log.warning("mandate_not_shown", problem=refusal.problem)
        raise
    except Unavailable as error:
        raise Refused(refusals.SILENT) from error
    stored = {"basis": str(mandate.basis), "detail": mandate.detail, "at": now.isoformat()}
    request.session[KEY] = request.session[KEY] | {"shown": stored}
    return mandate


def confirmed(
    session: SessionBase, person: Person, business_id: str, *, now: datetime
) -> Mandate | None:
    """Return the right that a visit of this person showed for this organisation, if recently."""
    shown = (pending(session, person, business_id) or {}).get("shown")
    if shown is None or _is_over(shown, CONFIRMATION_LASTS, now):
        return None
    return Mandate(Membership.Basis(shown["basis"]), shown["detail"])


def callback(request: HttpRequest) -> str:
    """Return our absolute return address; the source has registered exactly this one."""
    return request.build_absolute_uri(reverse("mandates-return"))


def _is_over(held: dict[str, Any], lasts: timedelta, now: datetime) -> bool:
    return not clock.is_recent(datetime.fromisoformat(held["at"]), lasts, now=now)

"""Blocked keys, and the certificates in force for them: each is revoked on its order's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import access
from applications.views.console.entry import looked_at
from applications.views.shared.certificate import plain_hash
from applications.views.shared.history import names_of, who
from applications.views.shared.rows import CertificateRow, certificate_rows
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Rows, read_all
from certportal.foundation.events import Subject
from certportal.foundation.models import Event
from certportal.foundation.web.keyset import before_of
from certportal.foundation.web.search_form import SearchForm
from issuance import services as authority
from issuance.event_names import IssuanceEvent
from issuance.models import BlockedKey, BlockEnding, EndedBlock

PAGE = 25
SOURCES: dict[str, Promise] = {
    "key_compromise": _(
        "The private key was reported to be exposed, or suspected to be, or proven to be in other"
        " hands."
    ),
    "private_key_uploaded": _("The private key was sent to the service."),
    "published": _("The key is on a list of keys that others have."),
}
"""Why a key is blocked, by `BlockedKey.reason`."""


@dataclass(frozen=True, slots=True)
class Row:
    """A certificate, and the entry that blocks its key."""

    shown: CertificateRow
    key: BlockedKey
    source: Promise


@dataclass(frozen=True, slots=True)
class Blocked:
    """A blocked key: when it was named, why, by whom, and where that is known from, in words."""

    key: BlockedKey | EndedBlock
    at: datetime
    source: Promise
    who: str
    known_from: str


@access.reviewers_read
def certificates(request: HttpRequest) -> HttpResponseBase:
    """List the certificates in force whose keys are blocked, and the blocked keys."""
    looked_at(request, Subject("list", "blocked_keys"))
    now = clock.now()
    page = Paginator(authority.blocked_in_force(now=now), PAGE).get_page(request.GET.get("page"))
    shown = certificate_rows(page, now=now)
    hashes = [row.certificate.spki_sha256 for row in shown]
    keys = BlockedKey.objects.in_bulk(hashes, field_name="spki_sha256")
    blocked = [(row, keys[row.certificate.spki_sha256]) for row in shown]
    rows = [Row(row, key, SOURCES[key.reason]) for row, key in blocked]
    hint = _("SHA-256 of the public key (hexadecimal), or its beginning.")
    form = SearchForm(request.GET, label=_("Search for a blocked key"), help_text=hint)
    before = before_of(request)
    found, endings = read_all(
        Rows(_found(plain_hash(form.words), before)),
        Rows(BlockEnding.objects.filter(closed_at=None), "maker"),
    )
    context = {
        "rows": rows,
        "endings": endings,
        "page_obj": page,
        "form": form,
        "keys": blocked_by(found[:PAGE]),
        "before": before,
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
    }
    return render(request, "applications/console/blocked_keys.html", context)


def _found(beginning: str, before: int | None) -> QuerySet[BlockedKey]:
    """Ask for the blocked keys of a page, and one more if there are others, newest first."""
    keys = BlockedKey.objects.filter(spki_sha256__startswith=beginning).order_by("-pk")
    return (keys.filter(pk__lt=before) if before else keys)[: PAGE + 1]


def blocked_by(keys: Sequence[BlockedKey | EndedBlock]) -> list[Blocked]:
    """Return each key with what its event tells, or that of the list it came in."""
    return _told([(key, key.created_at) for key in keys])


def named_again(keys: Sequence[BlockedKey]) -> list[Blocked]:
    """Return by whom and why keys were named once more, which made their blocks final."""
    final = [(key, key.final_at) for key in keys if key.final_at and key.final_at > key.created_at]
    return [one for one in _told(final) if one.who]


def _told(named: Sequence[tuple[BlockedKey | EndedBlock, datetime]]) -> list[Blocked]:
    """Return what the events tell of the keys that were named at these times.

    A list's event is of the very time at which its keys were stored.
    """
    alone, listed = IssuanceEvent.KEY_BLOCKED, IssuanceEvent.KEYS_IMPORTED
    told = Event.objects.filter(
        Q(object_id__in=[key.spki_sha256 for key, _at in named], action=alone)
        | Q(object_id="list", action=listed, at__in={at for _key, at in named}),
        object_type="key",
    )
    by = {(event.object_id, event.at): event for event in told}
    people = names_of(event.actor for event in by.values())
    found = [(key, at, by.get((key.spki_sha256, at)) or by.get(("list", at))) for key, at in named]
    return [
        Blocked(
            key,
            at,
            SOURCES[event.data["reason"] if event else key.reason],
            who(event.actor if event else "", people),
            event.data.get("known_from", "") if event else "",
        )
        for key, at, event in found
    ]

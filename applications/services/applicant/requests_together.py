"""Give several certificate requests at once to the orders whose names they have."""

from base64 import b64decode
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from time import monotonic
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from accounts.register.lookup import queries
from accounts.register.models import Kind
from applications.errors import UnfitCsr
from applications.models import Application, Csr
from applications.rules import proposed_names
from applications.rules.certificate_names import expected_names
from applications.rules.request_files import RequestFile, Skipped
from applications.rules.request_matching import Match, Why, match
from applications.services.applicant import csr as requests
from applications.workflow import Role, Status
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.errors import NotAllowed, Stale
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from certportal.foundation.text.mail_addresses import mailbox
from certportal.foundation.turns import AllTaken, turn
from certportal.foundation.web import limits
from issuance import csr as doctor, services as authority
from issuance.csr import ExpectedNames

MOST_SECONDS = 30
"""The longest time spent on the requests of an upload, well within the 65 s that the proxy waits
for the page (certportal/operations/proxy/shared/http.conf)."""
MOST_EXAMINING = 10
"""How many of these may be spent on examining them. A new RSA key takes 0.2 s, or 0.4 s with 4,096
bits (`issuance.keys.rsa.deep_faults`), so that a hundred requests are given in several uploads; as
many archives, each unpacked in search of private keys, would take minutes of a process's CPU."""


class Outcome(StrEnum):
    """The result for an uploaded file.

    `USED_BEFORE`: the same person gave it to its order in an earlier upload, whose answer may not
    have reached them; `COPY`: a file before it has the same request; `TO_CONFIRM`: stored with its
    order, for a person to confirm.
    """

    USED = "used"
    USED_BEFORE = "used_before"
    COPY = "copy"
    TO_CONFIRM = "to_confirm"
    UNFIT = "unfit"
    PRIVATE_KEY = "private_key"
    UNMATCHED = "unmatched"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class FileResult:
    """The result for one uploaded file, shown to its uploader.

    `order` is the order it was matched to, `csr` the row it was stored as, and `report` the report
    if it was examined. `why` is the reason why it was matched to no order or skipped, and `equal`
    the orders that it fits equally well. `revoked`: the serial numbers of the certificates of these
    organisations whose private key was in it.
    """

    name: str
    outcome: Outcome
    order: Application | None = None
    csr: Csr | None = None
    report: doctor.Report | None = None
    why: Why | Skipped | None = None
    equal: tuple[Application, ...] = ()
    revoked: tuple[str, ...] = ()


def give_requests(
    orders: Sequence[Application],
    files: Sequence[RequestFile],
    *,
    about: Model,
    role: Role = Role.APPLICANT,
    actor: Actor,
    now: datetime,
) -> list[FileResult]:
    """Examine each file, find its order, and attach it there as a single upload would be.

    Files left when `MOST_SECONDS` are over are reported as skipped, to be uploaded again. Those
    that the same actor has given before come last then, so that each such upload gets on.

    `orders` are the drafts and the orders that wait for a request, as the person sees them. A
    request with warnings, or with host names to be confirmed, is stored but not attached: it is
    confirmed on its own page. Each file is handled independently, except that no order gets two.
    Counts as one upload to `about`, which is also the subject of events about files without an
    order. Raises TooMany; AllTaken, which is one, counts nothing.
    """
    with limits.undone_by(AllTaken):
        requests.spend_upload(UUID(str(about.pk)), actor=actor, now=now)
        with turn():
            return _give_each(orders, files, about=about, role=role, actor=actor, now=now)


def _give_each(
    orders: Sequence[Application],
    files: Sequence[RequestFile],
    *,
    about: Model,
    role: Role,
    actor: Actor,
    now: datetime,
) -> list[FileResult]:
    begun = monotonic()
    before = _given_before(files, actor)
    reports = _examined(files, last=before, until=begun + MOST_EXAMINING)
    by_key = {order.pk: order for order in orders}
    names = _names(orders, now)
    copies = _copies(reports)
    matches = match(
        [one.csr if one and place not in copies else None for place, one in enumerate(reports)],
        names,
    )
    results, deadline = list[FileResult](), begun + MOST_SECONDS
    mails = _Mails(by_key[one.order] for one in matches if one.order is not None)
    for place, (file, report, matched) in enumerate(zip(files, reports, matches, strict=True)):
        if report is None and place in before:
            results.append(FileResult(file.name, Outcome.USED_BEFORE))
        elif report is None:
            why = file.skipped or Why.NO_TIME
            results.append(FileResult(file.name, Outcome.SKIPPED, why=why))
        elif place in copies:
            results.append(FileResult(file.name, Outcome.COPY))
        elif matched.order is None:
            results.append(_without_order(file, report, matched, by_key, about, actor, now))
        elif monotonic() > deadline:
            results.append(FileResult(file.name, Outcome.SKIPPED, why=Why.NO_TIME))
        else:
            order = by_key[matched.order]
            results.append(_give(order, file, mails, role=role, actor=actor, now=now))
    _send_mails(mails, now)
    return results


def _given_before(files: Sequence[RequestFile], actor: Actor) -> set[int]:
    """Return the places of the files whose request an order has from the same actor.

    Only of plain requests, which are recognised without being examined.
    """
    hashes = {}
    for place, file in enumerate(files):
        if not file.skipped and (pem := doctor.plain_request(file.data)):
            hashes[place] = sha256(b64decode("".join(pem.splitlines()[1:-1]))).hexdigest()
    given = Application.objects.filter(csr__uploaded_by=str(actor), csr__sha256__in=hashes.values())
    used = set(given.values_list("csr__sha256", flat=True))
    return {place for place, one in hashes.items() if one in used}


def _examined(
    files: Sequence[RequestFile], *, last: set[int], until: float
) -> list[doctor.Report | None]:
    """Return the report on each file; None if it was skipped or there was no time left for it."""
    reports: list[doctor.Report | None] = [None] * len(files)
    for place in sorted(range(len(files)), key=last.__contains__):
        if not files[place].skipped and monotonic() <= until:
            reports[place] = doctor.examine(files[place].data, blocked=authority.is_blocked)
    return reports


@one_reading()
def _names(orders: Sequence[Application], now: datetime) -> dict[UUID, ExpectedNames]:
    """Return the names of each order; a supplier's may be thousands."""
    for kind in Kind:
        oids = {order.record_oid for order in orders if order.record_kind == kind}
        queries.read_together(oids, kind, clock.day(now))
    return {order.pk: expected_names(order, now=now) for order in orders}


def _copies(reports: Sequence[doctor.Report | None]) -> set[int]:
    """Return the places of the requests that a file before them has too, as PEM or DER.

    A file with a private key is neither: what is exposed is told of each file.
    """
    seen, copies = set[str](), set[int]()
    for place, report in enumerate(reports):
        if report is None or report.csr is None or report.contains_private_key:
            continue
        if report.csr.sha256 in seen:
            copies.add(place)
        seen.add(report.csr.sha256)
    return copies


class _Mails:
    """Which mail tells of each order: one tells a contact person of several orders."""

    def __init__(self, orders: Iterable[Application]) -> None:
        waiting = (order for order in orders if order.status == Status.AWAITING_CSR)
        self.expected = Counter(map(_contact, waiting))
        self.told = defaultdict[tuple[UUID, str], list[Application]](list)

    def about(self, order: Application) -> requests.Telling:
        """Return how the contact person is told of the order's request."""
        if self.expected[_contact(order)] == 1:
            return requests.Telling.ALONE
        return requests.Telling.NOT if _contact(order) in self.told else requests.Telling.TOGETHER


def _contact(order: Application) -> tuple[UUID, str]:
    return order.organisation_id, mailbox(order.contact_email)


@transaction.atomic
def _send_mails(mails: _Mails, now: datetime) -> None:
    """Send the mails about requests given together, now that it is known to which orders."""
    about = {"payload__notice": "csrs_attached", "payload__at": now.isoformat()}
    items = OutboxItem.objects.filter(topic="application.notice", **about)
    for told in mails.told.values():
        for item in items.filter(payload__application=str(told[0].pk)):
            recipient = item.payload["recipient"]  # an administrator in place of who has left
            item.payload["others"] = {str(order.pk): recipient for order in told[1:]}
            item.save(update_fields=["payload"])
    outbox.hasten(items, now=now)


def _without_order(
    file: RequestFile,
    report: doctor.Report,
    matched: Match[UUID],
    orders: dict[UUID, Application],
    about: Model,
    actor: Actor,
    now: datetime,
) -> FileResult:
    if report.contains_private_key:
        owners = {order.organisation_id for order in orders.values()}
        found = requests.block_leaked(about, report, owners=owners, actor=actor, now=now)
        revoked = tuple(one.serial for one in found)
        return FileResult(file.name, Outcome.PRIVATE_KEY, report=report, revoked=revoked)
    authority.report_known_keys(report, actor=actor, now=now)
    if report.csr is None or not report.accepted:
        return FileResult(file.name, Outcome.UNFIT, report=report)
    if _is_used(report.csr, actor):
        return FileResult(file.name, Outcome.USED_BEFORE)
    equal = tuple(orders[key] for key in matched.equal)
    return FileResult(file.name, Outcome.UNMATCHED, report=report, why=matched.why, equal=equal)


def _is_used(request: doctor.DecodedCsr, actor: Actor) -> bool:
    """Return whether an order already has the same request, uploaded by the same actor."""
    orders = Application.objects.filter(csr__uploaded_by=str(actor))
    same_key = orders.filter(csr__spki_sha256=request.key.spki_sha256)
    return same_key.filter(csr__sha256=request.sha256).exists()


def _give(
    order: Application, file: RequestFile, mails: _Mails, *, role: Role, actor: Actor, now: datetime
) -> FileResult:
    try:
        stored = requests.examine_and_store(order.pk, file.data, actor=actor, now=now)
        report = doctor.Report.from_json(stored.report)
        if report.warnings or proposed_names.are_awaited(order):
            return FileResult(file.name, Outcome.TO_CONFIRM, order, stored, report)
        if order.status == Status.AWAITING_CSR:
            common: dict[str, Any] = {"version": order.version, "actor": actor, "now": now}
            requests.attach_csr(
                order.pk, stored.pk, role=role, telling=mails.about(order), **common
            )
            mails.told[_contact(order)].append(order)
        else:
            requests.choose_csr(order.pk, stored.pk, version=order.version, actor=actor, now=now)
    except UnfitCsr as refusal:
        return FileResult(
            file.name, Outcome.UNFIT, order, report=cast(doctor.Report, refusal.report)
        )
    except (Stale, NotAllowed):  # the order changed, or the person's part in it ended
        return FileResult(file.name, Outcome.UNMATCHED, order, why=Why.MOVED_ON)
    return FileResult(file.name, Outcome.USED, order, stored, report)

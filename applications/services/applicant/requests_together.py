"""Give several certificate requests at once to the orders whose names they have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from time import monotonic
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from applications.errors import UnfitCsr
from applications.models import Application, Csr
from applications.rules import proposed_names
from applications.rules.certificate_names import expected_names
from applications.rules.request_files import RequestFile, Skipped
from applications.rules.request_matching import Match, Why, match
from applications.services import transition
from applications.services.applicant.csr import (
    attach_csr,
    block_leaked,
    choose_csr,
    examine_and_store,
    spend_upload,
)
from applications.workflow import Role, Status
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Stale
from issuance import csr as doctor
from issuance import services as authority

MOST_SECONDS = 30
"""Of using the requests: well within the 65 s that the proxy waits for the page that tells of them
(operations/proxy/http.conf)."""


class Outcome(StrEnum):
    """What became of a file.

    `USED_BEFORE`: the same person gave it to its order in an earlier upload, whose answer may not
    have reached them; `TO_CONFIRM`: stored with its order, for a person to look at.
    """

    USED = "used"
    USED_BEFORE = "used_before"
    TO_CONFIRM = "to_confirm"
    UNFIT = "unfit"
    PRIVATE_KEY = "private_key"
    UNMATCHED = "unmatched"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Given:
    """What became of one file, for its uploader.

    `order`: the one it was matched to, and `csr` the row it was stored as. `report` holds the
    findings where it was examined. `why` tells why it went to no order, or was skipped, and `equal`
    are the orders that it fits equally.
    """

    name: str
    outcome: Outcome
    order: Application | None = None
    csr: Csr | None = None
    report: doctor.Report | None = None
    why: Why | Skipped | None = None
    equal: tuple[Application, ...] = ()


def give_requests(
    orders: Sequence[Application],
    files: Sequence[RequestFile],
    *,
    about: Model,
    role: Role = Role.APPLICANT,
    actor: Actor,
    now: datetime,
) -> list[Given]:
    """Examine each file, find its order, and use it there as when it were given alone.

    What has found its order when `MOST_SECONDS` are over is not used, and told: it is given again.

    `orders` are the drafts and the orders that wait for a request, as the person sees them. A
    request with warnings, or with host names to be confirmed, is stored but not used: it is
    confirmed on its own page. What becomes of
    one file does not depend on the others, except that no order gets two. Counted as one upload to
    `about`, to which also the events belong of what was given to no order. Raises TooMany.
    """
    spend_upload(UUID(str(about.pk)), actor=actor, now=now)
    reports = [None if one.skipped else _examined(one) for one in files]
    by_key = {one.pk: one for one in orders}
    names = {one.pk: expected_names(one, now=now) for one in orders}
    matches = match([one.csr if one else None for one in reports], names)
    found, until = list[Given](), monotonic() + MOST_SECONDS
    for file, report, matched in zip(files, reports, matches, strict=True):
        if report is None:
            found.append(Given(file.name, Outcome.SKIPPED, why=file.skipped))
        elif matched.order is None:
            found.append(_without_order(file, report, matched, by_key, about, actor, now))
        elif monotonic() > until:
            found.append(Given(file.name, Outcome.SKIPPED, why=Why.NO_TIME))
        else:
            order = by_key[matched.order]
            found.append(_give(order, file, role=role, actor=actor, now=now))
    _tell([one.order for one in found if one.order and one.outcome == Outcome.USED], now)
    return found


@transaction.atomic
def _tell(orders: Sequence[Application], now: datetime) -> None:
    """Enqueue one mail to each contact person for all of their orders that are complete now."""
    told: dict[tuple[UUID, str], list[Application]] = {}
    for one in orders:
        if one.status == Status.AWAITING_CSR:  # as it was before
            told.setdefault((one.organisation_id, one.contact_email.casefold()), []).append(one)
    for first, *others in told.values():
        notice = "csrs_attached" if others else "csr_attached"
        transition.notify(first, notice, ("applicant",), now)


def _examined(file: RequestFile) -> doctor.Report:
    return doctor.examine(file.data, blocked=authority.is_blocked)


def _without_order(
    file: RequestFile,
    report: doctor.Report,
    matched: Match[UUID],
    orders: dict[UUID, Application],
    about: Model,
    actor: Actor,
    now: datetime,
) -> Given:
    if report.contains_private_key:
        block_leaked(about, report, actor=actor, now=now)
        return Given(file.name, Outcome.PRIVATE_KEY, report=report)
    authority.report_known_keys(report, actor=actor, now=now)
    if report.csr is None:
        return Given(file.name, Outcome.UNFIT, report=report)
    if _is_used(report.csr, actor):
        return Given(file.name, Outcome.USED_BEFORE)
    equal = tuple(orders[key] for key in matched.equal)
    return Given(file.name, Outcome.UNMATCHED, report=report, why=matched.why, equal=equal)


def _is_used(request: doctor.DecodedCsr, actor: Actor) -> bool:
    """Whether the actor gave the same request to an order, which still has it."""
    mine = Application.objects.filter(csr__uploaded_by=str(actor))
    given = mine.filter(csr__spki_sha256=request.key.spki_sha256)
    return given.filter(csr__sha256=request.sha256).exists()


def _give(
    order: Application, file: RequestFile, *, role: Role, actor: Actor, now: datetime
) -> Given:
    try:
        stored = examine_and_store(order.pk, file.data, actor=actor, now=now)
        report = doctor.Report.from_json(stored.report)
        if report.warnings or proposed_names.are_awaited(order):
            return Given(file.name, Outcome.TO_CONFIRM, order, stored, report)
        if order.status == Status.AWAITING_CSR:
            seen: dict[str, Any] = {"version": order.version, "actor": actor, "now": now}
            attach_csr(order.pk, stored.pk, role=role, told=False, **seen)
        else:
            choose_csr(order.pk, stored.pk, version=order.version, actor=actor, now=now)
    except UnfitCsr as refusal:
        return Given(file.name, Outcome.UNFIT, order, report=cast(doctor.Report, refusal.report))
    except (Stale, NotAllowed):  # others acted, or a supplier's consent ended meanwhile
        return Given(file.name, Outcome.UNMATCHED, order, why=Why.MOVED_ON)
    return Given(file.name, Outcome.USED, order, stored, report)

"""The checklist of a case: the conditions of a certificate of its type, and their state."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _, ngettext

from applications.models import Application
from applications.rules import conformity
from applications.services.reviewer.may_act import CAOutOfUse, Case, KeyBlocked
from applications.views.console.case import comparison
from applications.views.console.case.known import Key
from applications.workflow import Action, Status
from certportal.foundation import clock
from issuance.certificate.hosts import with_unicode
from issuance.certificate.lint_pkix import is_accepted
from issuance.findings import Severity

COMPARISON = "compared"
"""The anchor of evidence without a section or row of its own on the page."""
MOST_HOSTS = 4
"""The most host names that are listed singly; further ones are counted in one line."""


class Mark(StrEnum):
    """The state of an item: done, something to look at or to do, wrong, or not needed.

    What is to be looked at is nowhere marked as done, and does not keep from approving. In a closed
    case nothing is to do any more: what was not done is only told.
    """

    DONE = "done"
    LOOK = "look"
    TODO = "todo"
    WRONG = "wrong"
    NOT_NEEDED = "not_needed"
    NOT_DONE = "not_done"
    TOLD = "told"


OF_CLOSED = {Mark.TODO: Mark.NOT_DONE, Mark.LOOK: Mark.TOLD}
"""What becomes of the marks when the case is closed."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the checklist; `place` is the anchor of its evidence on the page.

    `was` is the text in a closed case, if it is another one; `recorded` is what a reviewer wrote
    of it, with their name and the day.
    """

    label: str
    mark: Mark
    text: str
    place: str
    was: str = ""
    recorded: str = ""

    def closed(self) -> "Item":
        """Return the line of the closed case."""
        mark = OF_CLOSED.get(self.mark, self.mark)
        return replace(self, mark=mark, text=self.was or self.text)


def items(case: Case, context: dict[str, Any]) -> list[Item]:
    """Return the checklist of the case; `context` is the context of its page.

    That of a closed case says what was done and what was not when it was closed.
    """
    found = [
        _authority(case.application, context),
        _register(case, context),
        _names(context),
        *_hosts(context["hosts"], is_ended=context["is_ended"]),
        *_namesakes(context),
        *_mailbox(case.application),
        *_conformity(case, context),
        _key(context["key"], is_blocked=isinstance(context["changed"], KeyBlocked)),
        _checks(context),
        *_lint(context),
    ]
    return [item.closed() for item in found] if context["is_ended"] else found


def _authority(application: Application, context: dict[str, Any]) -> Item:
    label, right = _("Authority to act"), context["right"]
    place = "right" if right else COMPARISON
    if application.kind.is_test:
        return Item(label, Mark.NOT_NEEDED, _("not needed for a test certificate"), place)
    is_in_order = right is not None and not context["is_unconfirmed"]
    if application.status == Status.DELIVERED and not is_in_order:
        return Item(label, Mark.DONE, _("confirmed when the certificate was approved"), place)
    # What ended after the case was closed was in force before.
    if not is_in_order or (context["has_ended"] and not context["is_ended"]):
        return Item(label, Mark.TODO, _("not confirmed"), place)
    recorded = _recorded(right.basis_note, right.confirmed_by, right.confirmed_at)
    text = right.get_basis_display()
    if until := right.confirmed_until:
        text = _("the person's word alone, enough until %(day)s") % {"day": _day(until)}
    return Item(label, Mark.DONE, text, place, recorded=recorded)


def _recorded(note: str, by: object, at: datetime | None) -> str:
    """Return what a reviewer wrote, with their name and the day; "" if neither is known."""
    day = _day(clock.day(at)) if at else ""
    return ", ".join(str(one) for one in (note, by, day) if one) if note or by else ""


def _day(day: date) -> str:
    return date_format(day, "SHORT_DATE_FORMAT")


def _register(case: Case, context: dict[str, Any]) -> Item:
    label, place = _("Register"), "register" if context.get("relied", True) else COMPARISON
    if case.application.status != Status.IN_REVIEW:
        return Item(label, Mark.NOT_NEEDED, _("as it was at each step"), place)
    record, changed = case.record, case.changed
    if changed is not None and not isinstance(changed, KeyBlocked | CAOutOfUse):
        return Item(label, Mark.WRONG, str(changed), place)
    known_since = _day(clock.day(record.known_from)) if record else ""
    return Item(label, Mark.DONE, _("in force, known since %(day)s") % {"day": known_since}, place)


def _names(context: dict[str, Any]) -> Item:
    label = _("Names in the certificate")
    if context["names_form"] is None:
        return Item(label, Mark.DONE, _("as in the register"), comparison.ORGANISATION)
    place = "names" if Action.CHOOSE_NAMES in context["offers"] else comparison.ORGANISATION
    text, was = _("shortened or respelt: look"), _("shortened or respelt")
    return Item(label, Mark.LOOK, text, place, was)


def _hosts(rows: list[dict[str, Any]], *, is_ended: bool = False) -> Iterator[Item]:
    for row in rows[:MOST_HOSTS]:
        label = with_unicode(row["host"].name)
        if not row["evidence"]:
            text, was = _("evidence is missing"), _("no evidence was recorded")
            yield Item(label, Mark.TODO, text, "hosts", was)
        elif not _is_enough(row, is_ended):
            yield Item(label, Mark.TODO, _("the evidence is no longer enough"), "hosts")
        else:
            host = row["host"]
            recorded = _recorded(host.evidence_note, host.evidenced_by, host.evidenced_at)
            yield Item(label, Mark.DONE, row["evidence"], "hosts", recorded=recorded)
    if rest := rows[MOST_HOSTS:]:
        label = ngettext("%(number)s more host name", "%(number)s more host names", len(rest))
        proven = sum(_is_enough(row, is_ended) for row in rest)
        text = _("evidence %(given)s/%(all)s") % {"given": proven, "all": len(rest)}
        mark = Mark.DONE if proven == len(rest) else Mark.TODO
        yield Item(label % {"number": len(rest)}, mark, text, "hosts")


def _namesakes(context: dict[str, Any]) -> Iterator[Item]:
    """Yield a line if another organisation has ordered for a host name, system or mailbox."""
    if context["names_known"].is_foreign:
        label, was = _("Names in other orders"), _("another organisation has had them too")
        text = _("another organisation has had them too: look")
        yield Item(label, Mark.LOOK, text, "namesakes", was)


def _is_enough(row: dict[str, Any], is_ended: bool) -> bool:
    """Return whether the host name has evidence, and a waiver in force if that is weak.

    Of a closed case only whether there was evidence: its waiver may have ended since.
    """
    is_weak = row["is_weak"] and row["waiver"] is None and not is_ended
    return bool(row["evidence"]) and not is_weak


def _mailbox(application: Application) -> Iterator[Item]:
    if application.kind.has_mailbox:
        proved = application.certified_email_proved_at
        day = _day(clock.day(proved)) if proved else ""
        text = _("proven by a code %(day)s") % {"day": day} if day else _("not proven")
        yield Item(_("Mailbox"), Mark.DONE if proved else Mark.WRONG, text, comparison.NAME)


def _conformity(case: Case, context: dict[str, Any]) -> Iterator[Item]:
    application = case.application
    if not application.kind.asks_conformity:
        return
    label = _("Certificate of conformity")
    if conformity.is_asked(application, clock.day(case.now)):
        attached = any(shown.is_conformity for shown in context["attachments"])
        place = "attachments" if attached else COMPARISON
        was = _("a document was attached") if attached else _("no document was attached")
        yield Item(label, Mark.LOOK, _("read the document"), place, was)
    else:
        yield Item(label, Mark.NOT_NEEDED, _("not needed"), COMPARISON)


def _key(key: Key, *, is_blocked: bool) -> Item:
    used = _("used before") if key.seen else _("not used before")
    used = _("blocked") if is_blocked else used
    text = f"{key.kind}, {used}" if key.kind else "–"
    mark = Mark.WRONG if key.is_unfit or is_blocked else Mark.LOOK if key.seen else Mark.DONE
    return Item(_("Key"), mark, text, "key")


def _checks(context: dict[str, Any]) -> Item:
    label, findings = _("Automatic checks"), context["findings"]
    if context["changed"]:
        return Item(label, Mark.WRONG, _("something has changed since"), "checks")
    unwaived = [row for row in context["waivers"] if row.waiver is None]
    if unwaived:
        return Item(label, Mark.TODO, _("a finding needs a waiver"), "waivers")
    if not findings:
        return Item(label, Mark.DONE, _("nothing to remark"), "checks")
    number = {"number": len(findings)}
    text = ngettext("%(number)s finding: look", "%(number)s findings: look", len(findings))
    was = ngettext("%(number)s finding", "%(number)s findings", len(findings))
    return Item(label, Mark.LOOK, text % number, "checks", was % number)


def _lint(context: dict[str, Any]) -> Iterator[Item]:
    label = _("Lint")
    if context["latest"] is None:
        yield Item(label, Mark.TODO, str(context["stage"].text), "certificate")
        return
    lint = [pair for pair in context["lint"] if not is_accepted(pair[0])]
    remarks = ngettext("%(number)s remark", "%(number)s remarks", len(lint))
    text = remarks % {"number": len(lint)} if lint else _("nothing to remark")
    wrong = any(finding.severity == Severity.ERROR for finding, _words in lint)
    mark = Mark.WRONG if wrong else Mark.LOOK if lint else Mark.DONE
    yield Item(label, mark, text, "certificate")

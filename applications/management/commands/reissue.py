"""``manage.py reissue plan|show|run|revoke``: replace many certificates; see docs/reissue.md."""

import getpass
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _, ngettext, pgettext

from applications import services
from applications.models import Replacement, ReplacementItem
from applications.replacement.selection import Selection, chosen
from applications.services.reviewer.replaced_certificates import without_successor
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.management.operators import OperatorCommand
from issuance.models import Certificate

ACTOR = system("reissue")
State = ReplacementItem.State


class Command(OperatorCommand):
    """Plan, show and carry out a mass replacement; every act can be interrupted and repeated."""

    help = "Replace many certificates after an incident: same keys, new certificates."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        planning = acts.add_parser("plan", help="select certificates and prepare new ones")
        _add_choice(planning)
        planning.add_argument("--cause", choices=Replacement.Cause.values, required=True)
        planning.add_argument("--note", required=True, help="what happened, for the reviewers")
        planning.add_argument(
            "--revoke-on", type=date.fromisoformat, help="day from which the old ones are revoked"
        )
        planning.add_argument("--dry-run", action="store_true", help="only list the selection")
        for name, help_text in (
            ("show", "how far a plan is; without a number, every plan"),
            ("run", "have the approved certificates issued; goes on where it stopped"),
            ("revoke", "revoke the old certificates from the planned day on"),
        ):
            acts.add_parser(name, help=help_text).add_argument(
                "plan", type=int, nargs="?" if name == "show" else None
            )

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        try:
            getattr(self, f"act_{act}")(options)
        except Replacement.DoesNotExist as error:
            words = _("there is no plan %(plan)s; show lists them")
            raise CommandError(words % {"plan": options["plan"]}) from error
        except (OSError, UnicodeDecodeError) as error:
            words = _("%(file)s cannot be read: %(error)s")
            raise CommandError(words % {"file": options.get("serials"), "error": error}) from error

    def act_plan(self, options: dict[str, Any]) -> None:
        """Make a plan, or with --dry-run only list the selected certificates."""
        wanted, now = _wanted(options), clock.now()
        if options["revoke_on"] is not None and options["revoke_on"] < clock.day(now):
            # Holders would read that it is too late, and `revoke` would wait for nobody.
            words = _("%(day)s has passed: give --revoke-on a day that has not")
            raise CommandError(words % {"day": options["revoke_on"]})
        if not wanted.conditions():
            raise CommandError(_("say which certificates: by CA, profile, time or serial numbers"))
        if options["dry_run"]:
            self._list(wanted)
            return
        plan = services.plan_replacement(
            wanted,
            cause=options["cause"],
            note=options["note"],
            revoke_on=options["revoke_on"],
            made_by=getpass.getuser(),
            actor=ACTOR,
            now=now,
        )
        self._show(plan)

    def act_show(self, options: dict[str, Any]) -> None:
        """Show a plan in full, or a line for each plan."""
        if options["plan"]:
            self._show(Replacement.objects.get(pk=options["plan"]))
            return
        if not Replacement.objects.exists():
            self.stdout.write(_("There is no plan; reissue plan makes one."))
        for plan in Replacement.objects.order_by("pk"):
            self.stdout.write(f"{plan.pk}  {plan.made_at:%Y-%m-%d %H:%M}Z  {_counts(plan)}")

    def act_run(self, options: dict[str, Any]) -> None:
        """Hand over what an earlier run left behind, then batch after batch."""
        pk, last = options["plan"], 0
        again = services.resume_replacement(pk, actor=ACTOR, now=clock.now())
        if again:
            self.stdout.write(_("handed over again: %(count)s") % {"count": again})
        while done := services.release_replacement(pk, after=last, actor=ACTOR, now=clock.now()):
            last = done.last
            words = _(
                "handed over: %(released)s, refused: %(refused)s, without approvals: %(unapproved)s"
            )
            self.stdout.write(words % asdict(done))
        self._show(Replacement.objects.get(pk=pk))

    def act_revoke(self, options: dict[str, Any]) -> None:
        revoked = services.revoke_replaced(options["plan"], actor=ACTOR, now=clock.now())
        self.stdout.write(_("revoked: %(count)s") % {"count": revoked})
        issued = ReplacementItem.objects.filter(replacement=options["plan"])
        items = list(issued.select_related("certificate"))
        if left := len(without_successor(items, now=clock.now())):
            words = _("left in force, as the new one is not: %(count)s")
            self.stdout.write(words % {"count": left})

    def _list(self, wanted: Selection) -> None:
        certificates = chosen(wanted, now=clock.now()).select_related("issuing_ca")
        for certificate in certificates.iterator(chunk_size=1000):
            profile = f"{certificate.profile_id}/{certificate.profile_version}"
            shown = f"{certificate.issuing_ca.stem} {certificate.serial} {profile}"
            words = _("%(certificate)s until %(day)s")
            day = f"{certificate.not_after:%Y-%m-%d}"
            self.stdout.write(words % {"certificate": shown, "day": day})
        count = certificates.count()
        words = ngettext("%(count)s certificate", "%(count)s certificates", count)
        self.stdout.write(words % {"count": count})

    def _show(self, plan: Replacement) -> None:
        self.stdout.write(f"{_('plan')} {plan.pk}: {plan.get_cause_display()}")
        lines = [*_facts(plan)]
        lines += [(_("changes"), f"{name}: {count}") for name, count in _changes(plan).items()]
        reasons = Counter(plan.items.exclude(reason="").values_list("reason", flat=True))
        lines += [(_("not made"), f"{reason}: {count}") for reason, count in reasons.items()]
        width = max(len(label) for label, _words in lines)
        for label, words in lines:
            self.stdout.write(f"  {label:{width}} {words}")


def _add_choice(parser: ArgumentParser) -> None:
    parser.add_argument("--issued-by", default="", help="name of the CA, such as sote-rsa-1")
    parser.add_argument("--profile", default="", help="type of certificate, such as server")
    parser.add_argument("--profile-version", type=int)
    parser.add_argument("--from", dest="issued_from", type=_moment, help="issued then or later")
    parser.add_argument("--until", dest="issued_until", type=_moment, help="issued before then")
    parser.add_argument("--serials", help="file with one serial number (hex) a line; - for stdin")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _wanted(options: dict[str, Any]) -> Selection:
    return Selection(
        issuing_ca=options["issued_by"],
        profile=options["profile"],
        profile_version=options["profile_version"],
        issued_from=options["issued_from"],
        issued_until=options["issued_until"],
        serials=_serials(options["serials"]),
    )


def _serials(source: str | None) -> tuple[str, ...]:
    """Return the serial numbers as stored: upper case, thirty digits, without colons."""
    if source is None:
        return ()
    text = sys.stdin.read() if source == "-" else Path(source).read_text("ascii")
    lines = (line.partition("#")[0].replace(":", "").strip().upper() for line in text.splitlines())
    serials = tuple(line.zfill(30) for line in lines if line)
    known = set(Certificate.objects.filter(serial__in=serials).values_list("serial", flat=True))
    if unknown := [serial for serial in serials if serial not in known]:
        words = _("no certificate has the serial number %(serial)s")
        raise CommandError(words % {"serial": unknown[0]})
    if not serials:
        raise CommandError(_("the file has no serial number"))
    return serials


def _facts(plan: Replacement) -> Iterator[tuple[str, str]]:
    approvals = {"count": len(services.standing_approvals(plan))}
    approvals["wanted"] = services.PERSONS_FOR_REPLACEMENT
    at = {"at": f"{plan.made_at:%Y-%m-%d %H:%M}Z", "person": plan.made_by}
    yield pgettext("plan", "made"), _("%(at)s by %(person)s") % at
    yield _("note"), plan.note
    yield pgettext("plan", "wanted"), str(plan.wanted)
    yield _("good until"), f"{plan.expires_at:%Y-%m-%d %H:%M}Z"
    yield _("old ones"), _fate(plan)
    yield _("digest"), plan.digest or _("none: nothing to approve")
    yield _("approvals"), _("%(count)s of %(wanted)s") % approvals
    yield _("items"), _counts(plan)


def _counts(plan: Replacement) -> str:
    counts = Counter(plan.items.values_list("state", flat=True))
    words = (f"{state.label} {counts[state]}" for state in State if counts[state])
    return ", ".join(words) or pgettext("certificates", "none")


def _changes(plan: Replacement) -> Counter[str]:
    rows = plan.items.exclude(state=State.LEFT_OUT).values_list("changes", flat=True)
    return Counter(name for names in rows for name in names)


def _fate(plan: Replacement) -> str:
    if plan.revoke_on is None:
        return _("stay in force")
    return _("are revoked on %(day)s") % {"day": plan.revoke_on}

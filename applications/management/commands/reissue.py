"""``manage.py reissue plan|show|run|revoke``: replace many certificates; see docs/reissue.md."""

import getpass
import sys
from argparse import ArgumentParser
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from applications import services
from applications.models import Replacement, ReplacementItem
from applications.replacement.selection import Wanted, chosen
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.errors import Refused, Unavailable
from issuance.models import Certificate

ACTOR = system("reissue")
State = ReplacementItem.State


class Command(BaseCommand):
    """Plan, show and carry out; every act can be stopped and run again."""

    help = "Replace many certificates after an incident: same keys, new certificates."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the acts and what each wants to know."""
        acts = parser.add_subparsers(dest="act", required=True)
        planning = acts.add_parser("plan", help="choose certificates and prepare their successors")
        _add_choice(planning)
        planning.add_argument("--cause", choices=Replacement.Cause.values, required=True)
        planning.add_argument("--note", required=True, help="what happened, for the reviewers")
        planning.add_argument(
            "--revoke-on", type=date.fromisoformat, help="day from which the old ones are revoked"
        )
        planning.add_argument("--dry-run", action="store_true", help="only count and list")
        for name, told in (
            ("show", "how far a plan is; without a number, every plan"),
            ("run", "have the approved certificates issued; goes on where it stopped"),
            ("revoke", "revoke the old certificates from the planned day on"),
        ):
            acts.add_parser(name, help=told).add_argument(
                "plan", type=int, nargs="?" if name == "show" else None
            )

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        """Do one act; refusals are shown as they are worded."""
        try:
            with translation.override("en"):  # operators' pages and commands are in English
                getattr(self, f"act_{act}")(options)
        except Replacement.DoesNotExist as error:
            raise CommandError(f"there is no plan {options['plan']}; show lists them") from error
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options.get('serials')} cannot be read: {error}") from error
        except (Refused, Unavailable) as error:
            with translation.override("en"):
                raise CommandError(str(error)) from error

    def act_plan(self, options: dict[str, Any]) -> None:
        """Make a plan, or with --dry-run only tell what it would be about."""
        wanted = _wanted(options)
        if not wanted.conditions():
            raise CommandError("say which certificates: by CA, profile, time or serial numbers")
        if options["dry_run"]:
            self._list(wanted)
            return
        made = services.plan_replacement(
            wanted,
            cause=options["cause"],
            note=options["note"],
            revoke_on=options["revoke_on"],
            made_by=getpass.getuser(),
            actor=ACTOR,
            now=clock.now(),
        )
        self._show(made)

    def act_show(self, options: dict[str, Any]) -> None:
        """Show one plan whole, or a line for each."""
        if options["plan"]:
            self._show(Replacement.objects.get(pk=options["plan"]))
            return
        if not Replacement.objects.exists():
            self.stdout.write("There is no plan; reissue plan makes one.")
        for made in Replacement.objects.order_by("pk"):
            self.stdout.write(f"{made.pk}  {made.made_at:%Y-%m-%d %H:%M}Z  {_counts(made)}")

    def act_run(self, options: dict[str, Any]) -> None:
        """Hand batch after batch to the authority; then what an earlier run left behind."""
        pk, last = options["plan"], 0
        again = services.resume_replacement(pk, actor=ACTOR, now=clock.now())
        if again:
            self.stdout.write(f"handed over again: {again}")
        while done := services.release_replacement(pk, after=last, actor=ACTOR, now=clock.now()):
            last = done.last
            self.stdout.write(
                f"handed over: {done.released}, refused: {done.refused},"
                f" without approvals: {done.unapproved}"
            )
        self._show(Replacement.objects.get(pk=pk))

    def act_revoke(self, options: dict[str, Any]) -> None:
        """Revoke what has been replaced."""
        revoked = services.revoke_replaced(options["plan"], actor=ACTOR, now=clock.now())
        self.stdout.write(f"revoked: {revoked}")

    def _list(self, wanted: Wanted) -> None:
        found = chosen(wanted, now=clock.now()).select_related("issuing_ca")
        for one in found.iterator(chunk_size=1000):
            self.stdout.write(
                f"{one.issuing_ca.stem} {one.serial} {one.profile_id}/{one.profile_version}"
                f" until {one.not_after:%Y-%m-%d}"
            )
        self.stdout.write(f"{found.count()} certificates")

    def _show(self, made: Replacement) -> None:
        approvals = services.standing_approvals(made)
        self.stdout.write(f"plan {made.pk}: {made.get_cause_display()}")
        self.stdout.write(f"  made       {made.made_at:%Y-%m-%d %H:%M}Z by {made.made_by}")
        self.stdout.write(f"  note       {made.note}")
        self.stdout.write(f"  wanted     {made.wanted}")
        self.stdout.write(f"  good until {made.expires_at:%Y-%m-%d %H:%M}Z")
        self.stdout.write(f"  old ones   {_fate(made)}")
        self.stdout.write(f"  digest     {made.digest or 'none: nothing to approve'}")
        self.stdout.write(f"  approvals  {len(approvals)} of {services.PERSONS_FOR_REPLACEMENT}")
        self.stdout.write(f"  items      {_counts(made)}")
        for name, many in _changes(made).items():
            self.stdout.write(f"  changes    {name}: {many}")
        for reason, many in _reasons(made).items():
            self.stdout.write(f"  not made   {reason}: {many}")


def _add_choice(parser: ArgumentParser) -> None:
    parser.add_argument("--issued-by", default="", help="name of the CA, such as sote-rsa-1")
    parser.add_argument("--profile", default="", help="type of certificate, such as server")
    parser.add_argument("--profile-version", type=int)
    parser.add_argument("--from", dest="issued_from", type=_moment, help="issued then or later")
    parser.add_argument("--until", dest="issued_until", type=_moment, help="issued before then")
    parser.add_argument("--serials", help="file with a serial number (hex) a line; - reads stdin")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _wanted(options: dict[str, Any]) -> Wanted:
    return Wanted(
        issuing_ca=options["issued_by"],
        profile=options["profile"],
        profile_version=options["profile_version"],
        issued_from=options["issued_from"],
        issued_until=options["issued_until"],
        serials=_serials(options["serials"]),
    )


def _serials(source: str | None) -> tuple[str, ...]:
    """Serial numbers as stored: upper case, thirty digits, whatever colons the file has."""
    if source is None:
        return ()
    text = sys.stdin.read() if source == "-" else Path(source).read_text("ascii")
    lines = (line.partition("#")[0].replace(":", "").strip().upper() for line in text.splitlines())
    serials = tuple(line.zfill(30) for line in lines if line)
    known = set(Certificate.objects.filter(serial__in=serials).values_list("serial", flat=True))
    if unknown := [one for one in serials if one not in known]:
        raise CommandError(f"no certificate has the serial number {unknown[0]}")
    if not serials:
        raise CommandError("the file has no serial number")
    return serials


def _counts(made: Replacement) -> str:
    found = Counter(made.items.values_list("state", flat=True))
    return ", ".join(f"{state.value} {found[state]}" for state in State if found[state]) or "none"


def _changes(made: Replacement) -> Counter[str]:
    rows = made.items.exclude(state=State.LEFT_OUT).values_list("changes", flat=True)
    return Counter(name for names in rows for name in names)


def _reasons(made: Replacement) -> Counter[str]:
    return Counter(made.items.exclude(reason="").values_list("reason", flat=True))


def _fate(made: Replacement) -> str:
    return f"revoked on {made.revoke_on}" if made.revoke_on else "stay in force"

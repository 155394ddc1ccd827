from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance import services
from issuance.management.ceremonies import CeremonyCommand, ask_name
from issuance.management.outcomes import line
from issuance.services.recovery.take_over import Plan, Source, plan, take_over


class Command(CeremonyCommand):
    help = "Let this machine sign instead of one that died for good. Run it where the keys are."

    def add_arguments(self, parser: CommandParser) -> None:
        source = parser.add_mutually_exclusive_group()
        source.add_argument(
            "--journal-here",
            action="store_const",
            dest="source",
            const=Source.HERE,
            help="the whole journal was brought here: do not read its second place",
        )
        source.add_argument(
            "--journal-lost",
            action="store_const",
            dest="source",
            const=Source.LOST,
            help="the journal is lost or incomplete: give up and revoke what was being signed",
        )
        parser.add_argument("--no-input", action="store_true", help="do not ask")
        parser.set_defaults(source=Source.COPY)

    def act(self, options: dict[str, Any]) -> None:
        planned, now = plan(options["source"]), clock.now()
        self._explain(planned, now)
        if not options["no_input"]:
            host = planned.lease.host if planned.lease else "nobody"
            prompt = _("Is it dead for good? Type its name to go on: %(host)s?")
            ask_name(prompt % {"host": host}, host)
        given_up = take_over(planned, actor=system("take_over_signing"), now=now)
        self.stdout.write(_("This machine has the lease. Its signer may be started."))
        for attempt in given_up:
            about = f"{attempt.label or attempt.reference}, {attempt.serial}"
            self.stdout.write(_("given up: %(about)s") % {"about": about})
        for outcome in services.reconcile(mend=True, now=now):
            self.stdout.write(line(outcome))
        try:
            for facts in services.publish_crls(now=clock.now()):
                words = _("published: revocation list %(number)s")
                self.stdout.write(words % {"number": facts.number})
        except ExceptionGroup as failed:
            why = "; ".join(str(each) or type(each).__name__ for each in failed.exceptions)
            words = _("The lease is here, but lists were not published (%(why)s): run publish_crl.")
            raise CommandError(words % {"why": why}) from failed

    def _explain(self, planned: Plan, now: datetime) -> None:
        lease = planned.lease
        if lease is None:
            self.stdout.write(_("No signer has had the lease."))
        else:
            seen = f"{timezone.localtime(lease.seen_at):%d.%m.%Y %H:%M:%S}"
            ago = max(0, int((now - lease.seen_at).total_seconds()))
            message = _(
                "The lease is with %(host)s (term %(term)s), which gave its last sign of life at"
                " %(seen)s, %(ago)s seconds ago. From now on it signs nothing, also if it comes"
                " back."
            )
            self.stdout.write(
                message % {"host": lease.host, "term": lease.term, "seen": seen, "ago": ago}
            )
        self.stdout.write(str(_SOURCE_WORDS[planned.source]) % {"lines": planned.lines})
        if planned.leaves is not None:
            words = _("Its log of events goes on: %(count)s events.")
            self.stdout.write(words % {"count": planned.leaves})
        elif planned.source != Source.HERE and services.has_event_log():
            words = _(
                "The second place has no log of events: nothing is signed unless all of it lies"
                " here, in journal/events."
            )
            self.stdout.write(words)
        if planned.source == Source.LOST:
            message = _(
                "Certificates that were being signed: %(count)s. They will never be signed, their"
                " serial numbers are revoked, and their orders go back to the reviewers:"
            )
            self.stdout.write(message % {"count": len(planned.given_up)})
        for attempt in planned.given_up:
            self.stdout.write(f"  {attempt.label or attempt.reference}, {attempt.serial}")


_SOURCE_WORDS = {
    Source.COPY: gettext_lazy(
        "Its journal is read from the second place, where it is whole: %(lines)s certificates."
    ),
    Source.HERE: gettext_lazy(
        "Its journal is taken to lie here as a whole: %(lines)s certificates."
    ),
    Source.LOST: gettext_lazy(
        "Its journal is lost. There are %(lines)s certificates in what is left of it; the others"
        " are written again from the database."
    ),
}

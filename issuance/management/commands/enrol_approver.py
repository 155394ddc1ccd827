"""`manage.py enrol_approver WHO`: enrol a reviewer's passkey, so that the CA accepts its proofs."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.management.people import NAME
from accounts.services.people.named import person_named
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.management.ceremonies import CeremonyCommand, add_people
from issuance.services.approvers import enrol, register
from issuance.services.ceremony.ceremony_record import ApproverRecord

ENVIRONMENTS = ["production", "test"]


class Command(CeremonyCommand):
    help = "Enrol a reviewer's passkey, by the fingerprint that they read out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("who", help=NAME)
        parser.add_argument(
            "--fingerprint", help="as the reviewer reads it out; asked for if it is not given"
        )
        parser.add_argument(
            "--environment",
            action="append",
            choices=ENVIRONMENTS,
            help="for which certificates it counts; both if it is not given",
        )
        parser.add_argument(
            "--anew", action="store_true", help="begin a new register, after the old one was lost"
        )
        add_people(parser)

    def act(self, options: dict[str, Any]) -> None:
        now, person = clock.now(), person_named(options["who"])
        approver = enrol.enrol(
            person,
            options["fingerprint"] or _ask_fingerprint(str(person)),
            environments=options["environment"] or ENVIRONMENTS,
            operator=options["operator"],
            anew=options["anew"],
            actor=system("enrol_approver"),
            now=now,
        )
        record = ApproverRecord(approver, str(person), register.read().digest)
        self.write_minutes("approver enrolled", [record], options, now)


def _ask_fingerprint(person: str) -> str:
    try:
        prompt = _("Fingerprint of the passkey, as %(person)s reads it out:") % {"person": person}
        return input(f"{prompt} ")
    except EOFError as error:
        raise CommandError(_("Nobody answered: give --fingerprint.")) from error

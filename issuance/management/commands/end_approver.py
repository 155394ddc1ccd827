from typing import Any

from django.core.management.base import CommandParser

from accounts.models import Person
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.management.ceremonies import CeremonyCommand, add_people
from issuance.services.approvers import enrol, register
from issuance.services.ceremony.ceremony_record import ApproverRecord


class Command(CeremonyCommand):
    help = "End the enrolment of a reviewer's passkey, which was lost or whose holder has left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fingerprint", help="as list_approvers shows it")
        add_people(parser)

    def act(self, options: dict[str, Any]) -> None:
        now = clock.now()
        ended = enrol.end(
            options["fingerprint"],
            operator=options["operator"],
            actor=system("end_approver"),
            now=now,
        )
        person = Person.objects.filter(pk=ended.person).first()
        record = ApproverRecord(ended, str(person or ended.person), register.read().digest)
        self.write_minutes("approver ended", [record], options, now)

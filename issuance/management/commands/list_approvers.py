"""`manage.py list_approvers`: list the passkeys whose proofs the CA accepts."""

from typing import Any

from django.utils.translation import gettext as _

from accounts import access
from accounts.models import Person
from issuance.management.ceremonies import CeremonyCommand
from issuance.services.approvers import register


class Command(CeremonyCommand):
    help = "List the register of approvers, where the keys of the CAs are."

    def act(self, options: dict[str, Any]) -> None:
        """Print a line for each passkey, the ended ones too."""
        found = register.read()
        if not found.number:
            self.stdout.write(_("No passkey is enrolled yet. Enrol one with enrol_approver."))
            return
        people = Person.objects.in_bulk([each.person for each in found.approvers])
        names = {str(key): _named(person) for key, person in people.items()}
        for each in found.approvers:
            until = f"{each.until:%Y-%m-%d}" if each.until else _("in force")
            environments = " ".join(each.environments)
            name = names.get(each.person, each.person)
            self.stdout.write(
                f"{each.fingerprint}  {each.since:%Y-%m-%d}  {until:10}  {environments}  {name}"
            )
        words = _("Change %(number)s, SHA-256 %(digest)s")
        self.stdout.write(words % {"number": found.number, "digest": found.digest})


def _named(person: Person) -> str:
    """Return the name, and whether the role was lost: approvals then count no more."""
    if access.is_reviewer(person.current):
        return str(person)
    return _("%(person)s (no reviewer any more)") % {"person": person}

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _, gettext_lazy

from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.management.operators import OperatorCommand
from issuance import services
from issuance.authority.crl import CrlRefused
from issuance.conf import pki
from issuance.models import IssuingCA
from issuance.services.status.crl_entries import Differs, Reading
from issuance.services.status.publish_crl import is_needed
from issuance.signers import SignerUnavailable

KEYS = gettext_lazy("run this where the CA’s keys are, in the container signer")


class Command(OperatorCommand):
    """Publish the CRLs of the named CAs, or of all that need one; a failure stops no other."""

    help = "Publish revocation lists now; without a name, of every CA that needs one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("stems", nargs="*", metavar="CA", help="name such as sote-rsa-1")
        parser.add_argument(
            "--afresh",
            action="store_true",
            help="with all entries of the database, and those that only the last list has: after"
            " a difference between the two (crl-differs) was looked into",
        )

    def handle(self, *args: Any, stems: Sequence[str], afresh: bool, **options: Any) -> None:
        """Print a line for each list; exit status 1 if one was not published."""
        reading = Reading.AFRESH if afresh else Reading.USUAL
        failed = [ca.stem for ca in _named(stems) if not self._publish(ca, reading)]
        if failed:
            words = _("not published: %(cas)s; their old lists stay")
            raise CommandError(words % {"cas": ", ".join(failed)})

    def _publish(self, ca: IssuingCA, reading: Reading) -> bool:
        try:
            facts = services.publish_crl(ca, now=clock.now(), reading=reading)
        except (Unavailable, CrlRefused, OSError) as error:
            self.stderr.write(f"{ca.stem}: {_advice(error)}")
            return False
        told = {"until": f"{facts.next_update:%Y-%m-%d %H:%M}Z", "address": pki().crl_url(ca.stem)}
        words = _("%(ca)s: number %(number)s, until %(until)s, %(address)s")
        self.stdout.write(words % {"ca": ca.stem, "number": facts.number, **told})
        return True


def _advice(error: Exception) -> str:
    problem = str(error) or type(error).__name__
    if isinstance(error, SignerUnavailable):
        return _("its key cannot be used (%(said)s): %(do)s") % {"said": problem, "do": KEYS}
    if isinstance(error, OSError):
        return _("the list cannot be written (%(said)s): make room, or fix the permissions") % {
            "said": problem
        }
    if isinstance(error, Differs):
        return _(
            "the last list is not what the database says (%(number)s entries differ from the"
            " database): run reconcile, and see crl-differs in docs/operations.md"
        ) % {"number": len(error.serials)}
    if isinstance(error, CrlRefused):
        return _("the new list was refused (%(said)s): run reconcile and see what it names") % {
            "said": problem
        }
    return _("%(said)s: try again in a minute") % {"said": problem}


def _named(stems: Sequence[str]) -> list[IssuingCA]:
    cas = {ca.stem: ca for ca in IssuingCA.objects.order_by("pk")}
    if not cas:
        raise CommandError(_("there is no CA yet: create_ca makes them, see docs/ceremony.md"))
    if unknown := [stem for stem in stems if stem not in cas]:
        words = _("there is no CA %(unknown)s, only %(known)s")
        raise CommandError(words % {"unknown": ", ".join(unknown), "known": ", ".join(cas)})
    if stems:
        return [cas[stem] for stem in stems]
    needed = [ca for ca in cas.values() if is_needed(ca, clock.now())]
    if not needed:
        raise CommandError(_("no CA needs a list: none issues or has certificates that are valid"))
    return needed

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.authority.places import Place
from issuance.management.ceremonies import CeremonyCommand, add_people, add_root_keys, root_keys
from issuance.models import IssuingCA, Seal
from issuance.services import lease
from issuance.services.ceremony import create_ca, create_seal
from issuance.services.ceremony.ceremony_record import Record
from issuance.services.ceremony.root import LEAST_RSA_BITS
from issuance.services.event_log import key as log_key
from issuance.services.signer import key_store
from issuance.signers.file import KeyFiles

State = IssuingCA.State


class Command(CeremonyCommand):
    help = "Make a root and an issuing CA; with --demo, every demonstration CA that is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo",
            action="store_true",
            help="make the missing ones of the four demonstration CAs",
        )
        parser.add_argument("--environment", choices=["production", "test"])
        parser.add_argument("--branch", choices=list(SIGNATURE_ALGORITHMS))
        parser.add_argument("--generation", type=int, default=1)
        parser.add_argument(
            "--standby", action="store_true", help="publish the CA now, let it issue later"
        )
        parser.add_argument("--rsa-bits", type=int, choices=[2048, 3072, 4096], default=4096)
        add_root_keys(parser, required=False)
        add_people(parser)

    def act(self, options: dict[str, Any]) -> None:
        now = clock.now()
        common = {"actor": system("ceremony"), "now": now, "rsa_bits": options["rsa_bits"]}
        keep = self.keeping("root and issuing CA", options, now)
        if options["demo"]:
            if records := self._missing(common):
                keep(records)
        elif options["environment"] and options["branch"]:
            self._create_one(options, common | {"keep": keep})
        else:
            raise CommandError(_("Give --demo, or --environment and --branch."))
        if settings.CA_KEYS_DIR and settings.CA_KEY_PASSWORD_FILE and not log_key.is_there():
            verifier = log_key.make(log_key.default_name(), now=now)
            self.stdout.write(_("The public key of the log; hand it to the auditors:"))
            self.stdout.write(str(verifier))
        if options["demo"] and not lease.refusal() and not Seal.objects.exists():
            keep = self.keeping("seal of papers", options, now)
            create_seal.create_seal(
                keys=key_store(), roots=KeyFiles(), actor=common["actor"], now=now, keep=keep
            )

    def _missing(self, common: dict[str, Any]) -> list[Record]:
        """Make what is missing; if another journal has the lease, make nothing and say why."""
        if why := lease.refusal():
            self.stdout.write(_("Nothing is signed here: %(why)s") % {"why": why})
            return []
        return list(create_ca.create_missing(keys=key_store(), roots=KeyFiles(), **common))

    def _create_one(self, options: dict[str, Any], common: dict[str, Any]) -> None:
        roots = root_keys(options)
        is_weak = options["branch"] == "rsa" and options["rsa_bits"] < LEAST_RSA_BITS
        if settings.PRODUCTION and is_weak:
            words = _("In production a CA's RSA key has %(bits)s bits at least.")
            raise CommandError(words % {"bits": LEAST_RSA_BITS})
        place = Place(options["environment"], options["branch"], options["generation"])
        state = State.STANDBY if options["standby"] else State.ACTIVE
        create_ca.create_ca(place, keys=key_store(), roots=roots, state=state, **common)

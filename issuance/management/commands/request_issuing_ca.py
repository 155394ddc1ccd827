from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from certportal.foundation.own_files import write_new
from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.management.ceremonies import CeremonyCommand
from issuance.services.ceremony.ceremony_record import key_sha256
from issuance.services.ceremony.register_ca import request_ca
from issuance.services.signer import key_store


class Command(CeremonyCommand):
    help = "Make the key of the next issuing CA and write its request, for sign_issuing_ca."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--environment", choices=["production", "test"], required=True)
        parser.add_argument("--branch", choices=list(SIGNATURE_ALGORITHMS), required=True)
        parser.add_argument("--rsa-bits", type=int, choices=[3072, 4096], default=4096)
        parser.add_argument("--out", required=True, help="file for the request (PEM)")

    def act(self, options: dict[str, Any]) -> None:
        place, der = request_ca(
            options["environment"],
            options["branch"],
            keys=key_store(),
            rsa_bits=options["rsa_bits"],
        )
        request = x509.load_der_x509_csr(der)
        write_new(Path(options["out"]), request.public_bytes(Encoding.PEM), mode=0o640)
        facts = {
            "CA": place.stem,
            _("Subject"): request.subject.rfc4514_string(),
            _("SHA-256 of the key"): key_sha256(request.public_key()),
            _("Request"): options["out"],
        }
        for name, value in facts.items():
            self.stdout.write(f"{name}: {value}")

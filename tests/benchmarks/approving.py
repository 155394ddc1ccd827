"""Two reviewers with enrolled passkeys, who approve what is prepared as the console has it."""

import secrets
from datetime import timedelta
from pathlib import Path

from allauth.mfa.models import Authenticator
from django.conf import settings

from certportal.dev.builders import people
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance import services
from issuance.models import PreparedCertificate
from issuance.services.approvers import enrol
from issuance.services.event_log import key
from issuance.services.issuing import to_sign
from tests.benchmarks.issuing import spent
from tests.doubles.passkey import Passkey


def demand_proofs(folder: Path) -> None:
    """Have the CA sign for production only what two enrolled persons have signed, as in service."""
    password = folder / "password"
    password.write_text("a password of the benchmark")
    settings.CA_KEYS_DIR, settings.CA_KEY_PASSWORD_FILE = str(folder), str(password)
    key.make("log.example.fi/events")
    settings.PORTAL_BASE_URL, settings.PORTAL_HOST = "https://testserver", "testserver"
    settings.APPROVERS_PROVE = "production"
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}


class Reviewers:
    """Riitta and Raimo, each with a passkey that was enrolled yesterday."""

    def __init__(self) -> None:
        now = clock.now()
        names = [f"{name} {secrets.token_hex(4)}" for name in ("Riitta", "Raimo")]
        self.passkeys = {
            people.make_reviewer(name, now=now): Passkey(name=name.encode()) for name in names
        }
        for person, passkey in self.passkeys.items():
            Authenticator.objects.create(
                user=person.logins.get(),
                type=Authenticator.Type.WEBAUTHN,
                data={"name": "", "credential": passkey.registration(b"\x01" * 32)},
            )
            enrol.enrol(
                person,
                passkey.fingerprint,
                environments=["production"],
                operator="benchmark",
                actor=system("benchmark"),
                now=now - timedelta(days=1),
            )

    def approve(self, attempts: list[PreparedCertificate]) -> float:
        """Let both approve; return the CPU seconds, without those of the passkeys themselves."""
        return sum(
            self._one(attempts[0], person) if len(attempts) == 1 else self._all(attempts, person)
            for person in self.passkeys
        )

    def _one(self, attempt, person):
        now, begun = clock.now(), spent()
        challenge = to_sign.challenge(attempt)
        asked = spent() - begun
        assertion = self.passkeys[person].sign(challenge)
        begun = spent()
        services.approve(
            attempt.pk,
            person=person,
            reauthenticated_at=now,
            expected_sha256=attempt.tbs_sha256,
            assertion=assertion,
            now=now,
        )
        return asked + spent() - begun

    def _all(self, attempts, person):
        now, begun = clock.now(), spent()
        challenge = to_sign.plan_challenge(one.pk for one in attempts)
        asked = spent() - begun
        assertion = self.passkeys[person].sign(challenge)
        begun = spent()
        services.approve_all(
            {one.pk: one.tbs_sha256 for one in attempts},
            person=person,
            reauthenticated_at=now,
            proof=to_sign.plan_proof([one.pk for one in attempts], assertion),
            now=now,
        )
        return asked + spent() - begun

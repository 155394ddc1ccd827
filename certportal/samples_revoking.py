"""The mails to reviewers about revocation with sample data; see `certportal.samples`."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Organisation, Person
from applications import reviewer_mail
from applications.kinds import CertificateType
from applications.models import Application, Replacement, RevocationProposal
from certportal.foundation.mail import Message
from issuance.models import Certificate

REFERENCE = uuid.UUID(int=42)


def mails(language: str, now: datetime) -> Iterator[tuple[str, str, Message]]:
    """Yield notice, reader and mail in the language, about a case that is nowhere stored."""
    riitta, raimo = (_reviewer(name, language) for name in ("Riitta", "Raimo"))
    order = Application(
        pk=REFERENCE,
        number="SV-2026-00042",
        organisation=Organisation(name="Mallikunnan apteekki"),
        type=CertificateType.SERVER,
    )
    with translation.override(language):
        words = _("Sample text: here stand the reviewer's own words.")
    made = {"application": order, "maker": riitta, "reason": "privilege_withdrawn", "made_at": now}
    waiting = RevocationProposal(**made)
    declined = RevocationProposal(**made, closer=raimo, closed_at=now, closing_words=words)
    certificate = Certificate(serial="4F1C99A2B7D35E08", reference=REFERENCE)
    proposed = reviewer_mail.about_proposal("revocation_proposed", raimo, waiting)
    yield "revocation_proposed", "reviewer", proposed
    told = reviewer_mail.about_proposal("revocation_declined", riitta, declined)
    yield "revocation_declined", "reviewer", told
    plan = Replacement(
        pk=7,
        cause=Replacement.Cause.AUTHORITY,
        expires_at=now + timedelta(days=3),
    )
    yield "replacement_planned", "reviewer", reviewer_mail.write_about_plan(riitta, plan, 240)
    known = {REFERENCE: order}
    yield "key_proven", "reviewer", reviewer_mail.write_key_proven(riitta, [certificate], known)


def _reviewer(name: str, language: str) -> Person:
    address = f"{name.lower()}@example.fi"
    return Person(given_name=name, family_name="Ratkaisija", email=address, language=language)

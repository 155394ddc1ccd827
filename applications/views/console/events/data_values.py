"""The stored codes in the data of events in words, by the key of the data."""

from functools import cache

from django.conf import settings
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _, pgettext_lazy

from accounts.models import MailChoice, Membership
from accounts.views.staff import KINDS as ROLES
from applications.models import ContactLink, RegisterTask, RevocationReport
from applications.models.certificate_types import CertificateType
from applications.models.revocation import WORDS as REVOCATION_REASONS
from applications.rules import hearing, sections
from applications.rules.fields import FIELDS
from applications.rules.void_reasons import VOID_REASONS
from applications.views.account.certificates import DOWNLOADS
from applications.views.account.domains import OUTCOMES as LOOKUPS
from applications.views.console.blocked_keys import SOURCES as BLOCKING
from applications.views.console.case.forms import EVIDENCE
from applications.views.console.undelivered import KINDS as WORK
from applications.workflow import Status
from certportal.foundation.errors import Refused
from certportal.foundation.event_names import words

type Words = dict[str, Promise | str]

DAYS = {"deadline", "ends_on", "since", "until"}
"""Keys of the data with a day."""

CA_STATES: Words = {
    "standby": pgettext_lazy("authority", "Published in advance"),
    "active": pgettext_lazy("authority", "In use"),
    "retired": pgettext_lazy("authority", "Issues no more"),
    "revoked": pgettext_lazy("authority", "Revoked"),
}
ATTEMPTS: Words = {
    "prepared": pgettext_lazy("event data", "Prepared"),
    "refused": pgettext_lazy("event data", "Refused"),
}
KINDS: Words = {
    # How a person was identified.
    "hetu": pgettext_lazy("event data", "Finnish personal identity code"),
    "eidas": pgettext_lazy("event data", "Identification of another EU country"),
    # Second factors.
    "totp": _("Authenticator app"),
    "webauthn": _("Passkey"),
    "recovery_codes": _("Recovery codes"),
    # Organisations.
    "provider": pgettext_lazy("event data", "Health or social services provider"),
    "intermediary": pgettext_lazy("event data", "Intermediary"),
    # Documents of orders, of the authority and of the CA.
    "conformity": _("Certificate of conformity"),
    "answer": pgettext_lazy("event data", "Document of an answer"),
    "hearing": pgettext_lazy("event data", "Document for a hearing"),
    "receipt": pgettext_lazy("event data", "Receipt"),
    "approved": pgettext_lazy("event data", "Decision to approve"),
    "rejected": pgettext_lazy("event data", "Decision to reject"),
    "installing": pgettext_lazy("event data", "Instructions for installing"),
    "revocation": pgettext_lazy("event data", "Notice of the revocation"),
    "ceremony": _("Record of a key ceremony"),
    # Files of a certificate.
    **DOWNLOADS,
    "life": pgettext_lazy("event data", "Certificate with its papers and events (ZIP)"),
}
SOURCES: Words = {
    "register": pgettext_lazy("event data", "The register"),
    "copy": pgettext_lazy("event data", "The copy of the journal"),
    "here": pgettext_lazy("event data", "The journal of this machine"),
    "lost": pgettext_lazy("event data", "None: the journal is lost"),
}
PARTS: Words = {section.id: section.title for section in sections.SECTIONS}
TYPES: Words = dict(CertificateType.choices)
CHOICES: dict[str, Words] = {
    "by": {kind.value: label for kind, label in EVIDENCE},
    "change": dict(RegisterTask.Change.choices),
    "channel": dict(RevocationReport.Channel.choices),
    "declined": dict(MailChoice.choices),
    "earlier": dict(Membership.Role.choices),
    "field": {field.name: field.label for field in FIELDS if field.label is not None},
    "form": {"csv": "CSV", "proofs": "ZIP"},
    "from": dict(Status.choices),
    "holder": dict(ContactLink.Holder.choices),
    "kind": KINDS,
    "language": dict(settings.LANGUAGES),
    "outcome": {**VOID_REASONS, **ATTEMPTS, **dict(RegisterTask.Outcome.choices)},
    "profile": TYPES,
    "role": {**dict(Membership.Role.choices), **ROLES},
    "section": PARTS,
    "sections": PARTS,
    "source": SOURCES,
    "state": CA_STATES,
    "stated_basis": dict(Membership.Basis.choices),
    "to": dict(Status.choices),
    "topic": dict(WORK),
    "type": TYPES,
    "unheard": {kind.value: label for kind, label in hearing.EXCEPTIONS.items()},
}
OF_KIND: dict[tuple[str, str], Words] = {
    ("domain", "outcome"): {outcome.value: words[0] for outcome, words in LOOKUPS.items()},
    ("issuing_ca", "from"): CA_STATES,
    ("key", "reason"): dict(BLOCKING),
}
"""Words of codes that say something else of this kind of object."""


@cache
def reasons() -> Words:
    """Return the words of reasons: of revoking, of becoming void, and of refusals (class names)."""
    refusals, left = dict[str, Promise | str](), [Refused]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        refusals[kind.__name__] = kind.message or _("Refused")
    return {**refusals, **VOID_REASONS, **REVOCATION_REASONS}


def value_words(kind: str, name: str, value: str) -> str:
    """Return the code in words and a day as it is written; what has no words as it is.

    `name`: the key of the data; `kind`: what the event is about.
    """
    if name == "action":
        return words(value)
    if name in DAYS and (day := parse_date(value)):
        return date_format(day, "SHORT_DATE_FORMAT")
    choices = OF_KIND.get((kind, name)) or (reasons() if name == "reason" else CHOICES.get(name))
    return str((choices or {}).get(value, value))

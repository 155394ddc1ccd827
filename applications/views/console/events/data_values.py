"""The data of events in words: the labels of their keys, and the stored codes under each."""

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

LABELS: dict[str, Promise | str] = {
    "action": _("What happened"),
    "added": pgettext_lazy("event data", "Added"),
    "again": pgettext_lazy("event data", "Handed over again"),
    "answer_documents": pgettext_lazy("event data", "Documents of the answer"),
    "attempt": _("Attempt"),
    "before": pgettext_lazy("event data", "Older than event number"),
    "bulk_order": _("Bulk order"),
    "business_id": _("Business ID"),
    "by": _("Evidence"),
    "carried": pgettext_lazy("event data", "Revocations that the database lacks"),
    "certificate": pgettext_lazy("event data", "Certificate, its number in the database"),
    "certificates": _("Certificates"),
    "challenge": pgettext_lazy("event data", "Hash of the passkey's challenge"),
    "change": _("Change"),
    "changed": pgettext_lazy("event data", "Changed"),
    "channel": pgettext_lazy("event data", "How it was reported"),
    "confirmed": pgettext_lazy("event data", "Authority to act confirmed"),
    "count": pgettext_lazy("event data", "How many"),
    "csr": _("Certificate request (CSR)"),
    "deadline": pgettext_lazy("event data", "Last day to answer"),
    "declined": pgettext_lazy("event data", "Emails not wanted"),
    "different": pgettext_lazy("event data", "Entries that differ"),
    "digest": pgettext_lazy("event data", "Hash of the plan"),
    "documents": _("Documents"),
    "domain": pgettext_lazy("event data", "Domain, its number in the database"),
    "earlier": pgettext_lazy("event data", "Role before"),
    "ended": _("Ended"),
    "ending": pgettext_lazy("event data", "Proposal to end blocks, its number"),
    "ends_on": _("Last day"),
    "entries": pgettext_lazy("event data", "Entries"),
    "environments": _("Environment"),
    "evidence": _("Evidence"),
    "factor": pgettext_lazy("event data", "Hash of the second factor"),
    "field": pgettext_lazy("event data", "Answer that was corrected"),
    "findings": _("Findings"),
    "fingerprint": pgettext_lazy("event data", "Fingerprint of the passkey"),
    "form": pgettext_lazy("event data", "Kind of file"),
    "found": pgettext_lazy("event data", "What the virus scanner found"),
    "from": pgettext_lazy("event data", "Status before"),
    "given": pgettext_lazy("event data", "Approvals given"),
    "given_to": pgettext_lazy("event data", "Who has the case now"),
    "given_up": pgettext_lazy("event data", "Signings given up"),
    "head": pgettext_lazy("event data", "Head of the log"),
    "holder": pgettext_lazy("event data", "Whose link"),
    "host": pgettext_lazy("event data", "Host name, its number in the database"),
    "identifier": pgettext_lazy("event data", "Hash of the identifier, its number"),
    "into": pgettext_lazy("event data", "Joined with"),
    "journal": pgettext_lazy("event data", "Journal"),
    "keys": pgettext_lazy("event data", "Hashes of the keys"),
    "kind": _("Kind"),
    "known_from": pgettext_lazy("event data", "Known from"),
    "language": _("Language"),
    "left_out": _("Left out"),
    "link": pgettext_lazy("event data", "Link, its key in the database"),
    "lists": pgettext_lazy("event data", "Events with their hashes"),
    "mandate": _("Mandate"),
    "new": pgettext_lazy("event data", "New"),
    "number": _("Number"),
    "order": pgettext_lazy("noun", "Order"),
    "orders": _("Orders"),
    "organisations": _("Organisations"),
    "outcome": _("Outcome"),
    "passkeys": pgettext_lazy("event data", "Passkeys of the person"),
    "people": pgettext_lazy("event data", "How many people"),
    "person": _("Person"),
    "persons": _("People"),
    "planned": _("Planned"),
    "profile": _("Type of certificate"),
    "profile_version": pgettext_lazy("event data", "Version of the type"),
    "proposal": pgettext_lazy("event data", "Proposal to revoke, its number"),
    "query": pgettext_lazy("event data", "What was searched for"),
    "read": pgettext_lazy("event data", "Read"),
    "reason": _("Reason"),
    "reference": pgettext_lazy("noun", "Order"),
    "refused": _("Only what was refused"),
    "refused_items": pgettext_lazy("event data", "Refused"),
    "register": pgettext_lazy("event data", "Hash of the approvers' register"),
    "released": pgettext_lazy("event data", "Handed over to be issued"),
    "removed": pgettext_lazy("event data", "Removed"),
    "replaced_by": pgettext_lazy("event data", "Order that replaces it"),
    "replaces": pgettext_lazy("event data", "Order that it replaces"),
    "revoked": pgettext_lazy("event data", "Revoked"),
    "role": _("Role"),
    "rule": _("Rule"),
    "rule_set_version": pgettext_lazy("event data", "Version of the rules"),
    "rules": pgettext_lazy("event data", "Rules"),
    "seal": _("Seal of documents"),
    "section": _("Part of the order"),
    "sections": pgettext_lazy("event data", "Parts of the order"),
    "secure": pgettext_lazy("event data", "Protected by DNSSEC"),
    "sent": pgettext_lazy("event data", "How many times sent again"),
    "serial": _("Serial number (hexadecimal)"),
    "serials": pgettext_lazy("event data", "Serial numbers"),
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "signature_sha256": pgettext_lazy("event data", "SHA-256 of the signature"),
    "since": _("From the day"),
    "size": pgettext_lazy("event data", "Size"),
    "source": _("Source"),
    "spki": pgettext_lazy("event data", "Hashes of the keys"),
    "state": _("State"),
    "stated_basis": _("Stated by the person"),
    "status": _("Status"),
    "submission": pgettext_lazy("event data", "SHA-256 of what was sent"),
    "succession": pgettext_lazy("event data", "Transfer to the successor, its number"),
    "successor": _("Successor"),
    "supplier": _("Supplier"),
    "taken_from": pgettext_lazy("event data", "Taken over from"),
    "task": pgettext_lazy("event data", "Name of the work in the program"),
    "tbs_sha256": pgettext_lazy("event data", "SHA-256 of what is signed"),
    "time_stamp": pgettext_lazy("event data", "Time stamp"),
    "to": pgettext_lazy("event data", "Status after"),
    "topic": pgettext_lazy("event data", "Work of the service"),
    "type": _("Type of certificate"),
    "unapproved": pgettext_lazy("event data", "Not approved"),
    "unheard": pgettext_lazy("event data", "Why there was no hearing"),
    "until": pgettext_lazy("event data", "Until the day"),
    "version": _("Version"),
    "waiver": _("Waiver"),
    "waivers": _("Waivers"),
    "wanted": pgettext_lazy("event data", "Approvals needed"),
}
"""A count, a hash, a rule's or setting's name and a key of a row are shown as they are."""

LABELS_OF_KIND: dict[tuple[str, str], Promise] = {
    ("replacement", "given"): _("Certificates"),
    ("supplier_consent", "to"): _("Supplier"),
    ("signing_term", "host"): pgettext_lazy("event data", "Machine"),
}
"""Labels of a key that says something else of this kind of object."""


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

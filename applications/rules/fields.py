"""The single table of an order's fields; everything that lists fields derives from it.

It defines the parts of the form, their summary, the fields a draft may save, the contents and words
of a submission, what a reviewer may reopen, what a new order copies, and what erasing empties.
`tests/applications/test_fields.py` fails for a column that the table does not know, and
`tests/applications/console/test_only_what_was_sent.py` for a field that reaches the certificate
without being marked `CERTIFIED`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Flag, auto
from operator import attrgetter
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _, ngettext

from applications.models import Application, Attachment
from applications.models.certificate_types import CertificateType, Delivery, Purpose
from applications.rules.declarations import DECLARATIONS, PUBLISHED
from applications.rules.intermediaries import ORGANISATION
from certportal.foundation import clock
from certportal.foundation.agency import Published
from certportal.foundation.text.wording import day_words, language_words
from issuance.certificate.hosts import with_unicode

# Whom each choice of `Delivery` means: "the applicant" might be taken for the organisation.
RECIPIENTS: Mapping[Delivery, Promise] = {
    Delivery.APPLICANT: _("The contact person of the order"),
    Delivery.TECHNICAL_CONTACT: _("The technical contact"),
}
"""Who gets the certificate."""
BRINGERS: Mapping[Delivery, Promise] = {
    Delivery.APPLICANT: _("The person who orders"),
    Delivery.TECHNICAL_CONTACT: _("The technical contact"),
}
"""Who brings the certificate request or proposes the host names."""


def _column(name: str) -> Callable[[Application], Any]:
    def read(application: Application) -> Any:
        value = getattr(application, name)
        return value.isoformat() if isinstance(value, date) else value

    return read


def _attachments(application: Application) -> list[str]:
    documents = application.attachments.filter(kind=Attachment.Kind.CONFORMITY, removed_at=None)
    return [document.sha256 for document in documents]


def _csr(application: Application) -> str | None:
    return application.csr.sha256 if application.csr else None


def _moment(value: str) -> str:
    at = datetime.fromisoformat(value).astimezone(clock.HELSINKI)
    return date_format(at, "SHORT_DATETIME_FORMAT")


def _months(value: int) -> str:
    return ngettext("%(months)d month", "%(months)d months", value) % {"months": value}


def _choice(choices: type[CertificateType | Purpose]) -> Callable[[str], str]:
    return lambda value: str(choices(value).label)


def _label_in(words: Mapping[Delivery, Promise]) -> Callable[[str], str]:
    return lambda value: str(words[Delivery(value)])


def _declared(value: str) -> str:
    return str(DECLARATIONS.get(value, value))


def _published(value: Mapping[str, str]) -> str:
    document = Published(value["url"], value["version"], date.fromisoformat(value["day"]))
    return f"{document.words}, {document.url}"


def _subject(value: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={text}" for name, text in value.items() if text)


class Mark(Flag):
    NOTHING = 0
    CERTIFIED = auto()
    """Part of the TBSCertificate: a change must be sent and checked again."""
    PERSONAL = auto()
    """Erased with the order."""
    REQUIRED = auto()
    """The part of the form is incomplete without it."""
    COPIED = auto()
    """Copied to an order that is filled in from an earlier one."""
    APART = auto()
    """Saved by a service of its own, not with its part of the form."""
    WEIGHED = auto()
    """Evidence for the decision: a change must be sent and checked again."""


CERTIFIED, PERSONAL, REQUIRED = Mark.CERTIFIED, Mark.PERSONAL, Mark.REQUIRED
COPIED, APART, WEIGHED = Mark.COPIED, Mark.APART, Mark.WEIGHED
ASKED = REQUIRED | COPIED
SHOWN = ASKED | WEIGHED


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an order.

    `name`: column of Application, or the related rows that hold it. `part`: id of the part of the
    form that asks for it; empty for values that sending adds to the submission. `label`: its name
    for readers; None if it is never shown by itself. `words`: converts its JSON value, or each of a
    list, to text. `unset`: the text shown for an empty value. `read`: gets its value, if it is not
    a plain column. `json_key`: its key in frozen submissions, if it differs from the name. These
    keys are part of hashed JSON and never change.
    """

    name: str
    part: str
    label: Promise | None
    marks: Mark = Mark.NOTHING
    words: Callable[[Any], str] = str
    read: Callable[[Application], Any] | None = None
    json_key: str = ""
    unset: Promise | None = None

    @property
    def key(self) -> str:
        """The key of its value in frozen submissions."""
        return self.json_key or self.name

    @property
    def is_column(self) -> bool:
        """Whether Application has a column of this name."""
        return bool(self.part) and self.read in (None, _csr)

    def value(self, application: Application) -> Any:
        """Return the present value, ready for JSON."""
        return (self.read or _column(self.name))(application)

    def in_words(self, value: Any) -> str:
        """Return a frozen value as text in the active language; `unset` for an empty value."""
        if isinstance(value, list):
            return (" " if self.words is _declared else ", ").join(map(self.words, value))
        return self.words(value) if value else str(self.unset or "")


FIELDS: tuple[Field, ...] = (
    Field("organisation", "", _("Organisation")),
    Field("business_id", "", _("Business ID")),
    Field("type", "type", _("Type of certificate"), CERTIFIED | REQUIRED, _choice(CertificateType)),
    Field("unit", "", _("Organisational unit")),
    Field("subject", "", _("Names in the certificate"), words=_subject),
    Field("record_kind", "unit", None, CERTIFIED | COPIED),
    Field("record_oid", "unit", _("OID of the unit"), CERTIFIED | ASKED),
    Field(
        "organisation_spelling", "unit", _("Organisation in the certificate"), CERTIFIED | COPIED
    ),
    Field("unit_spelling", "unit", _("Unit in the certificate"), CERTIFIED | COPIED),
    Field("purpose", "purpose", _("Purpose of use"), CERTIFIED | ASKED, _choice(Purpose)),
    Field(
        "host_names",
        "host_names",
        _("Host names"),
        CERTIFIED,
        with_unicode,
        attrgetter("names"),
    ),
    Field("names_by", "host_names", _("Who proposes the host names"), words=_label_in(BRINGERS)),
    Field("system_name", "system", _("Information system"), CERTIFIED | ASKED),
    Field("system_oid", "system", _("System's OID"), CERTIFIED | ASKED),
    Field(
        "system_oid_reason",
        "system",
        _("Why the system's OID is not under the organisation's own root"),
        PERSONAL | COPIED | WEIGHED,
    ),
    Field(
        "certified_email",
        "mailbox_proof",
        _("Mailbox to be certified"),
        CERTIFIED | REQUIRED | APART,
    ),
    Field(
        "certified_email_proved_at",
        "mailbox_proof",
        _("Mailbox confirmed at"),
        CERTIFIED | REQUIRED | APART,
        _moment,
        json_key="mailbox_proved_at",
    ),
    Field(
        "conformity_system_name", "conformity", _("System in the certificate of conformity"), SHOWN
    ),
    Field("conformity_version", "conformity", _("Version of the system"), SHOWN),
    Field("conformity_class", "conformity", _("Class of the system"), SHOWN),
    Field("conformity_number", "conformity", _("Number of the certificate of conformity"), SHOWN),
    Field(
        "conformity_valid_until",
        "conformity",
        _("Certificate of conformity valid until"),
        SHOWN,
        day_words,
    ),
    Field(
        "attachments",
        "conformity",
        _("SHA-256 of the attachments"),
        APART | WEIGHED,
        read=_attachments,
    ),
    Field("validity_months", "validity", _("Validity"), CERTIFIED | ASKED, _months),
    Field(
        *("start", "validity", _("Validity begins"), CERTIFIED, day_words),
        unset=_("As soon as it is issued"),
    ),
    Field("contact_name", "contact", _("Contact person"), PERSONAL | REQUIRED),
    Field("contact_email", "contact", _("Contact person's email address"), PERSONAL | REQUIRED),
    Field("contact_phone", "contact", _("Contact person's telephone number"), PERSONAL | COPIED),
    Field("mailbox", "delivery", _("Shared technical mailbox"), PERSONAL | ASKED),
    Field("deliver_to", "delivery", _("Who gets the certificate"), ASKED, _label_in(RECIPIENTS)),
    Field("technical_name", "technical", _("Technical contact"), PERSONAL | COPIED),
    Field(
        "technical_email", "technical", _("Technical contact's email address"), PERSONAL | COPIED
    ),
    Field(
        "technical_organisation",
        "technical",
        _("Technical contact's organisation"),
        PERSONAL | COPIED,
        lambda value: str(_("Kanta intermediary") if value == ORGANISATION else value),
    ),
    Field(
        "technical_language", "technical", _("Technical contact's language"), COPIED, language_words
    ),
    Field("deputy_name", "technical", _("Deputy of the technical contact"), PERSONAL | COPIED),
    Field("deputy_email", "technical", _("Email address of the deputy"), PERSONAL | COPIED),
    Field("csr_by", "csr", _("Who brings the certificate request"), words=_label_in(BRINGERS)),
    # The public key is certified from the immutable `Csr` row, which may come after the submission.
    Field("csr", "csr", _("SHA-256 of the certificate request"), APART, read=_csr),
    Field("answer_documents", "", _("SHA-256 of the documents sent along")),
    Field("price_list", "", PUBLISHED["price_list"], words=_published),
    Field("terms_of_delivery", "", PUBLISHED["terms_of_delivery"], words=_published),
    Field("declarations", "", _("Declarations"), words=_declared),
    Field("person_name", "", _("Signed by"), PERSONAL),
)
BY_KEY: Mapping[str, Field] = {field.key: field for field in FIELDS}

# Other columns of Application: the state of this order, never copied to another one.
JOURNEY = frozenset(
    {
        *("id", "number", "created_at", "changed_at", "status", "version", "submission"),
        *("certified_email_code", "certified_email_code_until", "certified_email_code_tries"),
        *("completed_at", "due_on", "days_left", "was_late", "reviewer"),
        *("claimed_at", "aside_until"),
        *("waiting_for", "waiting_since", "findings", "ended_at", "erased_at"),
        *("installed_at", "expiry_seen_at", "bulk_order"),
    }
)
# Names chosen by a reviewer: approved with the certificate, and reset when the unit changes.
CHOSEN = frozenset({"organisation_chosen", "unit_chosen"})


# The columns of a host name. Other related models declare what is erased themselves: `keeping`.
HOST_NAME: Mapping[str, Mark] = {
    **dict.fromkeys(["name", "position"], CERTIFIED),
    **dict.fromkeys(["evidence", "evidenced_at", "evidenced_by"], Mark.NOTHING),
    "evidence_note": PERSONAL,
}


def of(part: str) -> tuple[Field, ...]:
    return tuple(field for field in FIELDS if field.part == part)


def marked(mark: Mark) -> tuple[Field, ...]:
    return tuple(field for field in FIELDS if mark in field.marks)


def saved_by(part: str) -> frozenset[str]:
    """Return the names of the fields that the part's form saves."""
    return frozenset(field.name for field in of(part) if APART not in field.marks)


def emptied(fields: Iterable[Field]) -> dict[str, Any]:
    """Return the empty values of the fields' columns, by name."""
    blank = Application()
    return {field.name: getattr(blank, field.name) for field in fields if field.is_column}

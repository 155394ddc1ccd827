"""Applications at every stage, made through the real services."""

import subprocess
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from accounts.access import actor_for
from accounts.models import Person
from accounts.register.identifiers import organisation_root
from applications import services
from applications.models import Application, Attachment, HostName
from applications.models.certificate_types import CertificateType
from applications.rules import conformity, declarations, mailbox_code
from applications.workflow import Role
from certportal.dev.builders import documents
from certportal.dev.builders.acts import act, drain as drain
from certportal.foundation import clock
from issuance.models import PreparedCertificate

MAILBOX = "kirjaamo@example.fi"
UNIT = "1.2.246.10.99000018.10.0"
CONFORMITY = {
    "conformity_system_name": "Apteekki Plus",
    "conformity_version": "4.2",
    "conformity_class": "A3",
    "conformity_number": "VT-2025-0042",
    "conformity_valid_until": date(2099, 12, 31),
}
CONTACT = {
    "mailbox": "tekniikka@example.fi",
    "deliver_to": "technical_contact",
    "technical_name": "Tiina Toimittaja",
    "technical_email": "tiina@example.com",
    "technical_organisation": "Toimittaja Oy",
    "technical_language": "sv",
}
# Why an order is rejected without hearing its applicant.
UNHEARD = {"unheard": "unnecessary", "unheard_because": "Hakija on jo vastannut."}
DECLARATIONS = ["authority", "domains", "system", "truth", "binding"]


@dataclass
class Handler:
    """A person who acts on an application; `seen`: its newest version, the actor and the time."""

    person: Person
    application: Application

    @property
    def seen(self) -> dict[str, Any]:
        self.application.refresh_from_db()
        return {
            "version": self.application.version,
            "actor": actor_for(self.person),
            "now": clock.now(),
        }


def openssl_csr(name: str = "erecept.example.fi", key: str = "ec") -> bytes:
    """Return a certificate request made by openssl with a new key."""
    return csr_with("-subj", f"/C=FI/CN={name}", "-addext", f"subjectAltName=DNS:{name}", key=key)


def csr_with(*subject: str, key: str = "ec") -> bytes:
    """Return a certificate request with the subject and extensions of these openssl options."""
    kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else [f"rsa:{key}"]
    done = subprocess.run(
        ["openssl", "req", "-new", "-newkey", *kind, "-noenc", "-keyout", "/dev/null", *subject],
        capture_output=True,
        check=True,
    )
    return done.stdout


@cache
def csr_of_order(nth: int) -> bytes:
    """Return a request for the nth order, made once per process; each order needs its own key.

    Making and examining a key takes as long as filling in the rest of the order.
    """
    return openssl_csr()


def sections(type: CertificateType, unit: str = UNIT) -> dict[str, dict[str, Any]]:
    """Return the values of a complete draft, by part of the form."""
    filled: dict[str, dict[str, Any]] = {
        "unit": {"record_kind": "sote_unit", "record_oid": unit},
        "validity": {"validity_months": 12, "start": None},
        "contact": {"contact_name": "Matti Meikäläinen", "contact_email": "matti@example.fi"},
        "delivery": {"mailbox": "tekniikka@example.fi", "deliver_to": "applicant"},
    }
    if type.has_purpose:
        filled["purpose"] = {"purpose": "both"}
    if type.has_host_names:
        filled["host_names"] = {"host_names": ["erecept.example.fi", "varmuus.example.fi"]}
    if type.has_system:
        root = organisation_root(unit)
        filled["system"] = {"system_name": "Apteekki Plus", "system_oid": f"{root}.12.1"}
    return filled


def begin(
    person: Person, type: str = "server", *, now: datetime | None = None, **more: Any
) -> Application:
    """Return an empty draft of the person's organisation."""
    organisation = person.memberships.get(ended_at=None).organisation
    given = {"organisation": organisation, "type": CertificateType(type), "language": "fi"}
    return act(person, services.start, **given, now=now or clock.now(), **more)


def draft(
    person: Person, type: str = "server", *, unit: str = UNIT, now: datetime | None = None
) -> Application:
    """Return a draft with every part filled in except the certificate request."""
    kind = CertificateType(type)
    application = begin(person, type, now=now)
    for section, values in sections(kind, unit).items():
        act(person, services.save_section, application, section, values)
    application.refresh_from_db()
    if kind.has_mailbox:
        prove_mailbox(person, application)
    if conformity.is_asked(application, clock.day(clock.now())):
        attach_conformity(person, application)
        application.refresh_from_db()
    return application


def name_contact(person: Person, application: Application, values: dict[str, Any]) -> None:
    """Change the recipient of the certificate and the technical contact."""
    for section in ("delivery", "technical"):
        act(person, services.save_section, application, section, values)


def waiting_for_contact(
    person: Person, *, unit: str = UNIT, host: str = "", **more: Any
) -> Application:
    """Return a sent order that waits for the CSR of Tiina, the technical contact.

    `host`: its only host name, instead of the usual two. `more` overrides values of `CONTACT`.
    """
    application = draft(person, unit=unit)
    if host:
        act(person, services.save_section, application, "host_names", {"host_names": [host]})
    name_contact(person, application, CONTACT | more)
    act(person, services.save_section, application, "csr", {"csr_by": "technical_contact"})
    submit(person, application)
    return application


def prove_mailbox(person: Person, application: Application, address: str = MAILBOX) -> None:
    """Request the code for the mailbox and enter it."""
    act(person, services.ask_mailbox_code, application, address)
    application.refresh_from_db()
    act(person, services.prove_mailbox, application, mailbox_code.digits(application))
    application.refresh_from_db()


def attach_conformity(
    person: Person, application: Application, *, fields: dict[str, Any] = CONFORMITY, **more: Any
) -> Application:
    """Attach the certificate of conformity that a private provider's signature needs."""
    kind, given = Attachment.Kind.CONFORMITY, {"data": documents.pdf(), "name": "todistus.pdf"}
    act(person, services.save_section, application, kind, fields)
    return act(person, services.add_attachment, application, kind, **(given | more))


def with_csr(
    person: Person, type: str = "server", *, csr: bytes | None = None, unit: str = UNIT
) -> Application:
    """Return a draft ready to be submitted."""
    application = draft(person, type, unit=unit)
    upload(person, application, csr or csr_of_order(Application.objects.count()))
    return application


def upload(person: Person, application: Application, csr: bytes) -> None:
    """Upload a request and confirm it for the draft or reopened application."""
    stored = act(person, services.upload_csr, application.pk, csr)
    act(person, services.choose_csr, application, stored.pk)


def submitted(person: Person, type: str = "server", **more: Any) -> Application:
    """Return an application sent with its request, not yet checked."""
    application = with_csr(person, type, **more)
    submit(person, application)
    return application


def signature(person: Person, **more: Any) -> dict[str, Any]:
    """Return the arguments for sending: person, declarations and time of identification."""
    given: dict[str, Any] = {"person": person, "declarations": DECLARATIONS, "language": "fi"}
    given["edition"] = declarations.edition()
    return given | {"identified_at": clock.now() - timedelta(minutes=1)} | more


def submit(person: Person, application: Application, **more: Any) -> None:
    act(person, services.submit, application, **signature(person, **more))
    application.refresh_from_db()


def resubmit(person: Person, application: Application, **more: Any) -> None:
    """Send the corrected application again."""
    act(person, services.resubmit, application, **signature(person, **more))
    application.refresh_from_db()


def in_review(person: Person, type: str = "server", **more: Any) -> Application:
    """Return an application that the workers have checked and queued."""
    application = submitted(person, type, **more)
    drain()
    application.refresh_from_db()
    return application


def claimed(person: Person, reviewer: Person, type: str = "server", **more: Any) -> Application:
    """Return a case claimed by the reviewer, its certificate prepared."""
    application = in_review(person, type, **more)
    act(reviewer, services.claim, application)
    drain()
    application.refresh_from_db()
    return application


def prepared(application: Application) -> PreparedCertificate | None:
    attempts = PreparedCertificate.objects.filter(reference=application.pk)
    return attempts.order_by("-attempt").first()


def give_evidence(reviewer: Person, application: Application) -> None:
    """Record for the host names that the domain register names the applicant."""
    hosts = application.host_names.values_list("pk", flat=True)
    if hosts:
        found = {"evidence": HostName.Evidence.REGISTRY, "note": ""}
        act(reviewer, services.set_evidence, application, *hosts, **found)


def approve(reviewer: Person, application: Application) -> Application:
    """Record evidence for the host names and approve the prepared certificate."""
    give_evidence(reviewer, application)
    return press_approve(reviewer, application)


def press_approve(reviewer: Person, application: Application) -> Application:
    """Approve the prepared certificate with the evidence recorded so far."""
    found = prepared(application)
    assert found is not None
    shown = {"prepared_id": found.pk, "tbs_sha256": found.tbs_sha256}
    now = clock.now()
    return act(reviewer, services.approve, application, **shown, reauthenticated_at=now, now=now)


def ask(reviewer: Person, application: Application, deadline: date) -> None:
    """Request information about the unit, as the reviewer who holds the case."""
    asked = {"reason": "Kumpi yksikkö?", "sections": ["unit"], "deadline": deadline}
    act(reviewer, services.request_info, application, **asked)


def hear(reviewer: Person, application: Application, deadline: date) -> None:
    """Hear the applicant before a rejection, as the reviewer who holds the case."""
    told = {"reason": "Verkkotunnus kuuluu toiselle.", "is_hearing": True}
    told |= {"material": "Verkkotunnusrekisterin ote 25.11.", "sections": []}
    act(reviewer, services.request_info, application, **told, deadline=deadline)


def finish(person: Person, reviewer: Person, application: Application) -> Application:
    """Process a submitted application up to the delivered certificate."""
    drain()
    act(reviewer, services.claim, application)
    drain()
    approve(reviewer, application)
    drain()
    application.refresh_from_db()
    return application


def delivered(person: Person, reviewer: Person, type: str = "server", **more: Any) -> Application:
    """Return an application whose certificate has been mailed."""
    application = claimed(person, reviewer, type, **more)
    approve(reviewer, application)
    drain()
    application.refresh_from_db()
    return application


def attach(person: Person, application: Application, csr: bytes) -> None:
    """Upload a request to a submitted application and confirm it."""
    stored = act(person, services.upload_csr, application.pk, csr)
    act(person, services.attach_csr, application, stored.pk, role=Role.APPLICANT)

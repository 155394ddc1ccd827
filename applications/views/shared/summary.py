"""What an order says, part by part, in words: for the task list, the check and the order page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from applications import conformity, contents, mediation
from applications.kinds import CertificateType, Delivery
from applications.models import Application
from applications.naming import names
from applications.workflow import ENDED, Status
from certportal.foundation import clock


@dataclass(frozen=True, slots=True)
class Row:
    """One item: its name, its value or values."""

    label: str
    value: str = ""
    values: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the order: its rows, and where it is changed (empty when it cannot be).

    `left_out`: nothing was given, and the order does without.
    """

    id: str
    title: str
    rows: list[Row]
    complete: bool
    url: str = ""
    left_out: bool = False

    @property
    def hint(self) -> str:
        """The first value, for the task list."""
        row = self.rows[0] if self.rows else None
        if not self.complete or row is None:
            return ""
        return row.value or ", ".join(row.values)


def parts(application: Application, *, now: datetime) -> list[Part]:
    """Return the parts asked for this type; those open to change with their address."""
    open_now = contents.editable(application, now=now)
    return [
        Part(
            id=section.id,
            title=str(section.title),
            rows=rows(application, section.id, now=now),
            complete=section.complete(application),
            url=part_url(application, section.id) if section.id in open_now else "",
            left_out=section.complete(application) and not section.is_touched(application),
        )
        for section in contents.asked(application, on=clock.day(now))
    ]


def part_url(application: Application, section_id: str) -> str:
    """Return the address of the page that asks the part."""
    return reverse("applications:part", args=[application.pk, section_id])


def rows(application: Application, section_id: str, *, now: datetime) -> list[Row]:
    """Return what one part says at present."""
    return list(ROWS[section_id](application, now))


type Rows = Iterator[Row]


def _type(application: Application, _now: datetime) -> Rows:
    yield Row(_("Certificate"), str(CertificateType(application.type).label))


def _unit(application: Application, now: datetime) -> Rows:
    found = names(application, now=now) if application.record_oid else None
    if found is None:
        yield Row(_("Organisational unit"), application.record_oid)
        return
    full = found.unit.full if found.unit else found.organisation.full
    yield Row(_("Organisational unit"), f"{full} ({application.record_oid})")
    unwritten = _("The reviewer chooses how the long name is shortened")
    yield Row(_("Organisation in the certificate"), found.organisation.value or unwritten)
    if found.unit and not CertificateType(application.type).is_server:
        yield Row(_("Unit in the certificate"), found.unit.value or unwritten)


def _purpose(application: Application, _now: datetime) -> Rows:
    yield Row(_("Purpose of use"), str(application.get_purpose_display()))


def _host_names(application: Application, _now: datetime) -> Rows:
    yield Row(_("Host names"), values=[host.name for host in application.host_names.all()])


def _system(application: Application, _now: datetime) -> Rows:
    yield Row(_("Information system"), application.system_name)
    yield Row(_("OID of the information system"), application.system_oid)


def _mailbox_proof(application: Application, _now: datetime) -> Rows:
    yield Row(_("Mailbox to be certified"), application.certified_email)
    proved = application.mailbox_proved_at
    yield Row(_("Proven by a code"), date_format(proved, "SHORT_DATE_FORMAT") if proved else "")


def _conformity(application: Application, _now: datetime) -> Rows:
    last, attached = application.conformity_valid_until, conformity.document(application)
    yield Row(_("Information system"), application.conformity_system_name)
    yield Row(_("Version"), application.conformity_version)
    yield Row(_("Class"), application.conformity_class)
    yield Row(_("Certificate number"), application.conformity_number)
    yield Row(_("Valid until"), date_format(last, "SHORT_DATE_FORMAT") if last else "")
    yield Row(_("Attached document"), attached.name if attached else "")


def _validity(application: Application, now: datetime) -> Rows:
    months = application.validity_months
    shown = ngettext("%(months)d month", "%(months)d months", months or 0)
    yield Row(_("Validity"), shown % {"months": months} if months else "")
    if months:
        yield Row(_("Validity begins"), _begins(application, now))


def _begins(application: Application, now: datetime) -> str:
    """Say when validity begins: a chosen day that has passed meanwhile holds nothing up."""
    start = application.start
    if start is None:
        return _("At once when issued")
    chosen = date_format(start, "SHORT_DATE_FORMAT")
    if start >= clock.day(now) or application.status in {Status.ISSUED, *ENDED}:
        return chosen
    return _("At once when issued; the chosen day %(day)s has passed") % {"day": chosen}


def _contact(application: Application, _now: datetime) -> Rows:
    yield Row(_("Contact person"), application.contact_name)
    yield Row(_("Email address"), application.contact_email)
    if application.contact_phone:
        yield Row(_("Telephone number"), application.contact_phone)


def _delivery(application: Application, _now: datetime) -> Rows:
    yield Row(_("Shared technical mailbox"), application.mailbox)
    yield Row(_("The certificate goes to"), str(application.get_deliver_to_display()))


def _technical(application: Application, _now: datetime) -> Rows:
    if mediation.is_mediated(application):
        yield Row(_("Organisation of the technical contact"), mediation.ORGANISATION)
    organisation = application.technical_organisation
    who = [application.technical_name, application.technical_email, organisation]
    named = ", ".join(one for one in who if one)
    needed = contents.needs_technical_contact(application)
    yield Row(_("Technical contact"), named or ("" if needed else _("Nobody is named")))
    if application.technical_name:
        if application.deputy_name:
            yield Row(_("Deputy"), f"{application.deputy_name}, {application.deputy_email}")
        language = dict(settings.LANGUAGES).get(application.technical_language, "")
        yield Row(_("Language of the technical contact"), str(language))


def _csr(application: Application, _now: datetime) -> Rows:
    yield Row(_("Certificate request (CSR)"), csr_words(application))
    if application.csr is not None:
        yield Row(_("SHA-256 of the request"), application.csr.sha256)


def csr_words(application: Application) -> str:
    """Say which request the order has, or who sends it; empty while that is open."""
    if application.csr is not None:
        key = (application.csr.report.get("csr") or {}).get("key", {})
        kind = key.get("curve") or key.get("bits", "")
        return _("Given, key %(kind)s") % {"kind": f"{key.get('kind', '')} {kind}"}
    if application.csr_by == Delivery.TECHNICAL_CONTACT:
        return _("The technical contact sends it after the order is submitted")
    return _("You send it after the order is submitted") if application.csr_by else ""


ROWS: dict[str, Callable[[Application, datetime], Rows]] = {
    "type": _type,
    "unit": _unit,
    "purpose": _purpose,
    "host_names": _host_names,
    "system": _system,
    "mailbox_proof": _mailbox_proof,
    "conformity": _conformity,
    "validity": _validity,
    "contact": _contact,
    "delivery": _delivery,
    "technical": _technical,
    "csr": _csr,
}

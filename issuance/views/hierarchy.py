"""The page for people about the authority: its chains, certificates and how to install them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509.oid import NameOID
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from issuance import installing
from issuance.conf import pki
from issuance.models import IssuingCA
from issuance.places import Place
from issuance.plan import serial_hex

State = IssuingCA.State
STATES: dict[str, tuple[Promise, str]] = {
    State.ACTIVE: (_("Issues certificates"), "success"),
    State.STANDBY: (_("Published in advance: issues no certificates yet"), "info"),
    State.RETIRED: (
        _("Issues no more certificates: tells of those it issued until the last has ended"),
        "none",
    ),
    State.REVOKED: (_("Revoked: do not trust it"), "error"),
}
ALGORITHMS = {
    "rsa": _("RSA key of 4096 bits, signatures with SHA-512"),
    "ec": _("EC key on the curve P-384, signatures with SHA-384"),
}


@dataclass(frozen=True, slots=True)
class Authority:
    """One CA certificate as the page shows it. ``stem`` names its files.

    A root has neither a state nor an address of status.
    """

    stem: str
    name: str
    serial: str
    sha256: str
    sha1: str
    begins: datetime
    ends: datetime
    state: str = ""
    ocsp_url: str = ""

    @classmethod
    def of(cls, certificate: x509.Certificate, stem: str, state: str = "") -> "Authority":
        """What there is to tell about ``certificate``, which is an issuing CA's or a root's."""
        (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return cls(
            stem=stem,
            name=str(name.value),
            serial=serial_hex(certificate.serial_number),
            sha256=certificate.fingerprint(SHA256()).hex(":").upper(),
            # For finding the certificate in old tools only: collisions are made at will.
            sha1=certificate.fingerprint(SHA1()).hex(":").upper(),  # noqa: S303
            begins=certificate.not_valid_before_utc,
            ends=certificate.not_valid_after_utc,
            state=state,
            ocsp_url=pki().ocsp_url(stem) if state else "",
        )

    @property
    def state_label(self) -> Promise:
        """Its state in words."""
        return STATES[self.state][0]

    @property
    def tone(self) -> str:
        """The tone of its state's tag."""
        return STATES[self.state][1]


@dataclass(slots=True)
class Hierarchy:
    """One root and the issuing CAs below it, the newest generation first."""

    root: Authority
    branch: str
    is_test: bool
    issuing: list[Authority] = field(default_factory=list)

    @property
    def algorithm(self) -> Promise:
        """The kind of its keys and signatures."""
        return ALGORITHMS[self.branch]

    @property
    def current(self) -> Authority:
        """The issuing CA that issues now, or the newest if none does."""
        return next((each for each in self.issuing if each.state == State.ACTIVE), self.issuing[0])

    @property
    def certificates(self) -> list[Authority]:
        """The root, then those below it."""
        return [self.root, *self.issuing]


@require_safe
def authorities(request: HttpRequest) -> HttpResponse:
    """Every root with the issuing CAs below it, production first and apart from test."""
    every = _hierarchies(IssuingCA.objects.order_by("environment", "-branch", "-generation"))
    context = {
        "production": [each for each in every if not each.is_test],
        "test": [each for each in every if each.is_test],
        "instructions": installing.instructions(every[0]) if every else [],
    }
    return render(request, "issuance/authorities.html", context)


def _hierarchies(cas: Iterable[IssuingCA]) -> list[Hierarchy]:
    found: dict[str, Hierarchy] = {}
    for ca in cas:
        stem = Place.of(ca).root_stem
        root = Authority.of(ca.root, stem)
        hierarchy = found.setdefault(stem, Hierarchy(root, ca.branch, ca.environment == "test"))
        hierarchy.issuing.append(Authority.of(ca.certificate, ca.stem, ca.state))
    return list(found.values())


@require_safe
def policy(request: HttpRequest) -> HttpResponseRedirect:
    """The address that stands in certificates; it leads on in the reader's language."""
    return redirect("authorities")

"""The public page about the CAs: their chains and certificates, installing them, the seal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from certportal.foundation.text.wording import filled
from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.authority.places import Place
from issuance.authority.seal import SealPlace
from issuance.certificate.names import subject_values
from issuance.certificate.plan import serial_hex
from issuance.conf import pki
from issuance.models import IssuingCA, Seal

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

State = IssuingCA.State


STATES: dict[str, tuple[Promise, str]] = {
    State.ACTIVE: (_("Issues certificates"), "success"),
    State.STANDBY: (_("Published in advance: issues no certificates yet"), "info"),
    State.RETIRED: (
        _("No longer issues certificates; publishes status until the last one expires"),
        "none",
    ),
    State.REVOKED: (_("Revoked: do not trust it"), "error"),
}


ALGORITHMS = {
    "rsa": filled(
        _("RSA key of 4096 bits, signatures with %(hash)s"),
        hash=SIGNATURE_ALGORITHMS["rsa"].hash_name,
    ),
    "ec": filled(
        _("EC key on the curve P-384, signatures with %(hash)s"),
        hash=SIGNATURE_ALGORITHMS["ec"].hash_name,
    ),
}


@dataclass(frozen=True, slots=True)
class Authority:
    """One CA certificate as shown on the page; ``stem`` is the base name of its files.

    A root has no ``state`` and no ``ocsp_url``; both are empty. A seal has no list.
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
    has_list: bool = True

    @classmethod
    def of(cls, certificate: x509.Certificate, stem: str, state: str = "") -> "Authority":
        """The facts shown about ``certificate``, which is that of an issuing CA or a root."""
        return cls(
            stem=stem,
            name=subject_values(certificate)["CN"],
            serial=serial_hex(certificate.serial_number),
            sha256=certificate.fingerprint(SHA256()).hex(":").upper(),
            # Only for finding the certificate in old tools: SHA-1 is not collision-resistant.
            sha1=certificate.fingerprint(SHA1()).hex(":").upper(),  # noqa: S303
            begins=certificate.not_valid_before_utc,
            ends=certificate.not_valid_after_utc,
            state=state,
            ocsp_url=pki().ocsp_url(stem) if state else "",
        )

    @property
    def state_label(self) -> Promise:
        return STATES[self.state][0]

    @property
    def tone(self) -> str:
        """The tone of the state's tag: success, info, error or none."""
        return STATES[self.state][1]


@dataclass(slots=True)
class Hierarchy:
    """One root and its issuing CAs, newest generation first."""

    root: Authority
    branch: str
    is_test: bool
    issuing: list[Authority] = field(default_factory=list)

    @property
    def algorithm(self) -> "_StrOrPromise":
        """Key and signature algorithms of the branch, as text."""
        return ALGORITHMS[self.branch]

    @property
    def current(self) -> Authority:
        """The active issuing CA, or the newest if none is active."""
        return next((each for each in self.issuing if each.state == State.ACTIVE), self.issuing[0])

    @property
    def certificates(self) -> list[Authority]:
        """The root, then its issuing CAs."""
        return [self.root, *self.issuing]


@require_safe
def authorities(request: HttpRequest) -> HttpResponse:
    """Every root with its issuing CAs, in two lists: production and test. Then the seals."""
    cas = IssuingCA.objects.order_by("environment", "-branch", "-generation")
    found: dict[str, Hierarchy] = {}
    for ca in cas:
        stem = Place.of(ca).root_stem
        root = Authority.of(ca.root, stem)
        hierarchy = found.setdefault(stem, Hierarchy(root, ca.branch, ca.environment == "test"))
        hierarchy.issuing.append(Authority.of(ca.certificate, ca.stem, ca.state))
    every = list(found.values())
    context = {
        "production": [each for each in every if not each.is_test],
        "test": [each for each in every if each.is_test],
        "seals": _seals(Seal.objects.order_by("-pk")),
        "instructions": instructions(every[0]) if every else [],
    }
    return render(request, "issuance/authorities.html", context)


def _seals(every: Iterable[Seal]) -> list[Authority]:
    """The root of the seals, then the seals, the one in use first; empty before the ceremony."""
    seals = list(every)
    roots = [Authority.of(each.root, SealPlace().root_stem) for each in seals[:1]]
    own = (replace(Authority.of(seal.certificate, seal.stem), has_list=False) for seal in seals)
    return [*roots, *own]


@require_safe
def policy(request: HttpRequest) -> HttpResponseRedirect:
    """The policy address in certificates: redirects to the page in the reader's language."""
    return redirect("authorities")


@dataclass(frozen=True, slots=True)
class Instruction:
    """Commands for one kind of system; ``id`` is the HTML id of their element."""

    id: str
    label: Promise
    commands: str


OPENSSL = """\
curl -O {base}/ca/{root}.crt
openssl x509 -inform DER -in {root}.crt -noout -fingerprint -sha256
openssl x509 -inform DER -in {root}.crt -out {root}.pem
curl -o chain.pem {base}/ca/{issuing}.pem
openssl verify -CAfile {root}.pem -untrusted chain.pem certificate.pem"""
STATUS = """\
openssl ocsp -issuer chain.pem -cert certificate.pem -CAfile {root}.pem -no_nonce \
-url {base}/ocsp/{issuing}
curl -O {base}/crl/{issuing}.crl
openssl verify -crl_check -CRLfile {issuing}.crl -CAfile {root}.pem -untrusted chain.pem \
certificate.pem"""
DEBIAN = """\
sudo cp {root}.pem /usr/local/share/ca-certificates/{root}.crt
sudo update-ca-certificates"""
JAVA = """\
keytool -printcert -file {root}.crt
keytool -importcert -trustcacerts -alias {root} -file {root}.crt -keystore truststore.p12 \
-storetype PKCS12
keytool -importcert -trustcacerts -alias {issuing} -file {issuing}.crt -keystore truststore.p12"""
WINDOWS = """\
certutil -hashfile {root}.crt SHA256
certutil -addstore -f Root {root}.crt
certutil -addstore -f CA {issuing}.crt"""

COMMANDS: Sequence[tuple[str, Promise, str]] = (
    ("openssl", _("OpenSSL: fetch, compare and check a certificate"), OPENSSL),
    ("status", _("OpenSSL: ask whether a certificate has been revoked"), STATUS),
    ("debian", _("Debian and Ubuntu: trust the root in the whole system"), DEBIAN),
    ("java", _("Java: a trust store of its own for the application"), JAVA),
    ("windows", _("Windows: the computer's certificate stores, as an administrator"), WINDOWS),
)


def instructions(example: Hierarchy) -> list[Instruction]:
    """The commands with the file names of one hierarchy and its current issuing CA."""
    stems = {"root": example.root.stem, "issuing": example.current.stem}
    names = stems | {"base": pki().public_url}
    return [Instruction(id, label, text.format(**names)) for id, label, text in COMMANDS]

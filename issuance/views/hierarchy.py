"""The CA hierarchy as shown on the public page."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from certportal.foundation.wording import filled
from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.certificate.names import subject_values
from issuance.certificate.plan import serial_hex
from issuance.conf import pki
from issuance.models import IssuingCA

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
        """The state as text."""
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

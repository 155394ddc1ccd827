"""The choices of the form: certificate types, purposes, conformity classes, recipients.

Everything specific to a type is here, in a row for each type, or in the CA's profile for it; no
other code branches by type (CONTRIBUTING.md tells how to add one).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from issuance.certificate.profiles import PROFILES, Profile

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


class CertificateType(TextChoices):
    """The certificates that can be ordered; the values are ids of the CA's profiles."""

    SERVER = "server", _("Server certificate")
    TEST_SERVER = "test_server", _("Test server certificate")
    SYSTEM_SIGNATURE = "system_signature", _("System signature certificate")
    TEST_SYSTEM_SIGNATURE = "test_system_signature", _("Test system signature certificate")
    EMAIL = "email", _("Email certificate")

    @property
    def profile(self) -> Profile:
        """The profile by which the CA makes it."""
        return PROFILES[self.value]

    @property
    def is_test(self) -> bool:
        """Whether it belongs to the test environment and chains to the test root."""
        return self.profile.environment == "test"

    @property
    def has_host_names(self) -> bool:
        """Whether it is for a server and certifies its host names."""
        return self.profile.has_dns_names

    @property
    def has_purpose(self) -> bool:
        """Whether the applicant chooses what it is used for (extended key usage)."""
        return self.profile.has_purpose

    @property
    def has_system(self) -> bool:
        """Whether it certifies an information system, by name and OID."""
        return "serialNumber" in self.profile.subject

    @property
    def has_mailbox(self) -> bool:
        """Whether it certifies the proven address of a shared mailbox."""
        return self.profile.has_emails

    @property
    def carries_unit(self) -> bool:
        """Whether it contains the name of the unit (OU)."""
        return "OU" in self.profile.subject

    @property
    def most_months(self) -> int:
        return self.profile.max_months

    @property
    def in_production(self) -> "CertificateType":
        """The production type of a test type, whose id begins with "test_"; else itself."""
        return CertificateType(self.value.removeprefix("test_"))

    @property
    def asks_conformity(self) -> bool:
        """Whether a private provider needs a certificate of conformity to order it."""
        return ROWS[self].asks_conformity

    @property
    def hint(self) -> "_StrOrPromise":
        """What it is for, in one sentence beside the choice."""
        return ROWS[self].hint

    @property
    def where_to_install(self) -> "_StrOrPromise":
        """What the recipient does with it, in one sentence."""
        return ROWS[self].where_to_install


@dataclass(frozen=True, slots=True)
class Row:
    """Properties of a type of certificate that its profile does not have.

    See the properties of `CertificateType` for their meaning.
    """

    hint: "_StrOrPromise"
    where_to_install: "_StrOrPromise"
    asks_conformity: bool = False


_ON_SERVER = _("Install the certificate on the server where its private key was made.")
_IN_SYSTEM = _("Install the certificate in the system where its private key was made.")

ROWS: Mapping[CertificateType, Row] = MappingProxyType(
    {
        CertificateType.SERVER: Row(
            _("Secures the connections of your server, for example to the Kanta services."),
            _ON_SERVER,
        ),
        CertificateType.TEST_SERVER: Row(
            _("For testing connections. Production systems do not trust it."),
            _ON_SERVER,
        ),
        CertificateType.SYSTEM_SIGNATURE: Row(
            _("Your information system signs documents with it."),
            _IN_SYSTEM,
            asks_conformity=True,
        ),
        CertificateType.TEST_SYSTEM_SIGNATURE: Row(
            _("For testing signatures. Production systems do not trust it."),
            _IN_SYSTEM,
        ),
        CertificateType.EMAIL: Row(
            _("Signs and encrypts the mail of a mailbox that your organisation shares."),
            _(
                "Install the certificate in the mail program or on the server where its private key"
                " was made."
            ),
        ),
    }
)
"""One row a type."""


class Purpose(TextChoices):
    """What a server certificate is used for."""

    SERVER = "server", _("The server proves who it is (server authentication)")
    CLIENT = "client", _("The server connects to others as a client (client authentication)")
    BOTH = "both", _("Both (server and client authentication)")


class ConformityClass(TextChoices):
    """The classes of information systems in certificates of conformity (THL's order 4/2021)."""

    A1 = "A1", "A1"
    A2 = "A2", "A2"
    A3 = "A3", "A3"
    B = "B", "B"


class Delivery(TextChoices):
    """Who gets the certificate, and who brings the certificate request."""

    APPLICANT = "applicant", _("The applicant")
    TECHNICAL_CONTACT = "technical_contact", _("The technical contact")

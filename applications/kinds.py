"""What can be ordered, for what purpose, and who does or gets what: the choices of the form."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class CertificateType(TextChoices):
    """The SOTE service certificates and the e-mail certificate, by the CA's profile names."""

    SERVER = "server", _("Server certificate")
    TEST_SERVER = "test_server", _("Test server certificate")
    SYSTEM_SIGNATURE = "system_signature", _("System signature certificate")
    TEST_SYSTEM_SIGNATURE = "test_system_signature", _("Test system signature certificate")
    EMAIL = "email", _("Email certificate")

    @property
    def is_server(self) -> bool:
        """Whether it secures a server's connections (host names, purpose)."""
        return self in {CertificateType.SERVER, CertificateType.TEST_SERVER}

    @property
    def is_email(self) -> bool:
        """Whether it is for a shared mailbox (one proven address)."""
        return self == CertificateType.EMAIL

    @property
    def is_signature(self) -> bool:
        """Whether an information system signs with it (system's name and OID)."""
        return not self.is_server and not self.is_email

    @property
    def is_test(self) -> bool:
        """Whether it belongs to the test environment and chains to the test root."""
        return self in {CertificateType.TEST_SERVER, CertificateType.TEST_SYSTEM_SIGNATURE}

    @property
    def in_production(self) -> "CertificateType":
        """The type that does in production what this one does."""
        return CertificateType(self.value.removeprefix("test_"))

    @property
    def most_months(self) -> int:
        """The longest validity in months: one year for servers, two for the others."""
        return 12 if self.is_server else 24


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

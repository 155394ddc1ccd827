"""Names, object identifiers and addresses of the authority: ``settings.PKI`` over defaults.

The defaults name a demonstration CA. Its object identifiers stand under the
enterprise number that RFC 5612 reserves for examples, so they claim nothing for anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from django.conf import settings

from issuance.plan import Policy
from issuance.profiles import Branch, Environment

_EXAMPLE = "1.3.6.1.4.1.32473"
_POLICY_OIDS = MappingProxyType(
    {
        "production": {"rsa": f"{_EXAMPLE}.1.1", "ec": f"{_EXAMPLE}.1.2"},
        "test": {"rsa": f"{_EXAMPLE}.2.1", "ec": f"{_EXAMPLE}.2.2"},
    }
)


@dataclass(frozen=True, slots=True)
class Pki:
    """``public_url`` is where CRLs and CA certificates are served: plain http, no final slash.

    ``crl_validity_hours`` and ``ocsp_validity_hours`` are from signing to nextUpdate.
    ``{url}`` in ``notice`` becomes the address of the practice statement.
    """

    public_url: str
    prefix: str = "Demonstration"
    organisation: str = "Demonstration certification authority"
    unit: str = "Sosiaali- ja terveydenhuollon palveluvarmenteet"
    policy_oids: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: _POLICY_OIDS)
    notice: str = "Varmennepolitiikka on osoitteessa - Certifikatpolicyn finns - Policy at {url}"
    root_years: int = 20
    issuing_years: int = 15
    crl_validity_hours: int = 48
    ocsp_validity_hours: int = 48

    def policy(self, environment: Environment, branch: Branch) -> Policy:
        """The policy asserted by certificates of this environment and branch."""
        url = f"{self.public_url}/ca/"
        return Policy(
            oid=self.policy_oids[environment][branch],
            cps_url=url,
            notice=self.notice.format(url=url),
        )

    def crl_url(self, stem: str) -> str:
        """Address of the revocation list of the CA ``stem``."""
        return f"{self.public_url}/crl/{stem}.crl"

    def certificate_url(self, stem: str) -> str:
        """Address of the certificate of the CA ``stem``."""
        return f"{self.public_url}/ca/{stem}.crt"

    def ocsp_url(self, stem: str) -> str:
        """Address of the OCSP responder of the CA ``stem``."""
        return f"{self.public_url}/ocsp/{stem}"


def pki() -> Pki:
    """The settings in force. Keys of ``settings.PKI`` are the upper-case names of the fields."""
    chosen: dict[str, Any] = {key.lower(): value for key, value in settings.PKI.items()}
    known = {each.name for each in fields(Pki)}
    if unknown := chosen.keys() - known:
        raise ValueError(f"settings.PKI has unknown keys: {', '.join(sorted(unknown))}")
    # Status must be fetched before any TLS can be trusted: RFC 5280 section 8.
    base = settings.PORTAL_BASE_URL.rstrip("/").replace("https://", "http://", 1)
    return Pki(**{"public_url": base, **chosen})

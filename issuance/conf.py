"""Names, object identifiers and addresses of the CA: ``settings.PKI`` overrides the defaults.

The defaults describe a demonstration CA. Its policy OIDs are below the private enterprise
number that RFC 5612 reserves for documentation, so they belong to no real organisation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from django.conf import settings

from issuance.algorithms import Branch
from issuance.certificate.plan import Policy
from issuance.certificate.profiles import Environment

_DEMONSTRATION = "Demonstration"
_EXAMPLE = "1.3.6.1.4.1.32473"
_POLICY_OIDS = MappingProxyType(
    {
        "production": {"rsa": f"{_EXAMPLE}.1.1", "ec": f"{_EXAMPLE}.1.2"},
        "test": {"rsa": f"{_EXAMPLE}.2.1", "ec": f"{_EXAMPLE}.2.2"},
    }
)


@dataclass(frozen=True, slots=True)
class Pki:
    """The configuration of the CA.

    ``public_url`` is where CRLs and CA certificates are served: plain http, no final slash.
    ``policy_oids`` holds an OID for each environment and branch. ``crl_validity_hours`` and
    ``ocsp_validity_hours`` count from signing to nextUpdate. ``{url}`` in ``notice``, the user
    notice, is replaced with the address of the practice statement.
    """

    public_url: str
    prefix: str = _DEMONSTRATION
    organisation: str = f"{_DEMONSTRATION} certification authority"
    unit: str = "Sosiaali- ja terveydenhuollon palveluvarmenteet"
    policy_oids: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: _POLICY_OIDS)
    notice: str = "Varmennepolitiikka on osoitteessa - Certifikatpolicyn finns - Policy at {url}"
    root_years: int = 20
    issuing_years: int = 15
    crl_validity_hours: int = 48
    ocsp_validity_hours: int = 48

    @property
    def status_hours(self) -> int:
        """Hours, at most, that a fetched CRL or OCSP response may be relied on."""
        return max(self.crl_validity_hours, self.ocsp_validity_hours)

    def policy(self, environment: Environment, branch: Branch) -> Policy:
        """The policy asserted by certificates of this environment and branch."""
        url = f"{self.public_url}/ca/"
        return Policy(
            oid=self.policy_oids[environment][branch],
            cps_url=url,
            notice=self.notice.format(url=url),
        )

    def crl_url(self, stem: str) -> str:
        return f"{self.public_url}/crl/{stem}.crl"

    def certificate_url(self, stem: str) -> str:
        return f"{self.public_url}/ca/{stem}.crt"

    def ocsp_url(self, stem: str) -> str:
        return f"{self.public_url}/ocsp/{stem}"


def proof_wanted(environment: str) -> bool:
    """Whether the CA signs for this environment only what the approvers' passkeys have signed."""
    return settings.APPROVERS_PROVE in {environment, "all"}


def pki() -> Pki:
    """The configuration in force.

    The keys of ``settings.PKI`` are the field names in upper case; an unknown key raises
    ValueError.
    """
    chosen: dict[str, Any] = {key.lower(): value for key, value in settings.PKI.items()}
    if unknown := chosen.keys() - {each.name for each in fields(Pki)}:
        raise ValueError(f"settings.PKI has unknown keys: {', '.join(sorted(unknown))}")
    # Plain http: fetching status over TLS would itself need a status check (RFC 5280 section 8).
    base = settings.PORTAL_BASE_URL.rstrip("/").replace("https://", "http://", 1)
    return Pki(**{"public_url": base, **chosen})


def demonstration_values(conf: Pki) -> Iterator[tuple[str, str]]:
    """Yield name and value of each setting that is still the demonstration's."""
    for name, value in (("prefix", conf.prefix), ("organisation", conf.organisation)):
        if value.startswith(_DEMONSTRATION):
            yield name, value
    for environment, branches in conf.policy_oids.items():
        for branch, oid in branches.items():
            if f"{oid}.".startswith(f"{_EXAMPLE}."):
                yield f"policy_oids.{environment}.{branch}", oid

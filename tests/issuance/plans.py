"""Plans of certificates."""

from datetime import UTC, datetime

from certportal.dev.builders import hierarchy
from issuance.authority.places import Place
from issuance.certificate.plan import Issuer, Plan, new_serial
from issuance.certificate.profiles import PROFILES, Profile
from issuance.certificate.validity import window
from issuance.conf import pki
from tests.issuance.orders import HOSTS, MAILBOX, lasting_key

NOW = datetime(2026, 11, 25, 8, 30, 15, tzinfo=UTC)


NAMES = {
    "C": "FI",
    "ST": "Finland",
    "L": "Helsinki",
    "O": "Helsingin VI apteekki",
    "OU": "Käpylä",
    "serialNumber": "1.2.246.10.2048198.12.1",
    "CN": "Järjestelmä",
}


def plan(profile_id: str = "server", kind: str = "P-256") -> Plan:
    profile, branch = PROFILES[profile_id], "rsa" if kind.startswith("RSA") else "ec"
    place = Place(profile.environment, branch)  # type: ignore[arg-type]
    conf = pki()
    server = profile.has_dns_names
    not_before, not_after = window(profile.max_months, start=None, now=NOW)
    names = {name: NAMES[name] for name in profile.subject}
    return Plan(
        issuer=Issuer(
            certificate=hierarchy.issuing(place).chain[0],
            environment=place.environment,
            branch=place.branch,
            policy=conf.policy(place.environment, place.branch),
            crl_url=conf.crl_url(place.stem),
            certificate_url=conf.certificate_url(place.stem),
            ocsp_url=conf.ocsp_url(place.stem),
        ),
        profile=profile,
        subject=names | common_name(profile),
        emails=(MAILBOX,) if profile.has_emails else (),
        dns_names=HOSTS if server else (),
        purpose=frozenset({"server", "client"}) if server else frozenset(),
        public_key=lasting_key(kind).public_key(),
        serial=new_serial(),
        not_before=not_before,
        not_after=not_after,
    )


def common_name(profile: Profile) -> dict[str, str]:
    if profile.has_emails:
        return {"CN": MAILBOX}
    return {"CN": HOSTS[0]} if profile.has_dns_names else {}

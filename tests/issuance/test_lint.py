from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from issuance.authority import build
from issuance.certificate.lint import RULES, lint
from issuance.certificate.lint_pkix import ACCEPTED, is_accepted
from issuance.certificate.names import ATTRIBUTE_OIDS
from issuance.certificate.plan import Plan, Policy, new_serial
from issuance.certificate.profiles import PROFILES
from issuance.findings import Severity
from tests.issuance.orders import HOSTS, NEVER_CERTIFIED, lasting_key
from tests.issuance.plans import NOW, plan


def errors(certificate: x509.Certificate, planned: Plan) -> set[str]:
    return {f.rule for f in lint(certificate, planned) if f.severity == "error"}


@pytest.mark.parametrize("profile_id", PROFILES)
@pytest.mark.parametrize("kind", ["RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384"])
def test_each_profile_and_kind_of_key_lints_clean(profile_id: str, kind: str) -> None:
    planned = plan(profile_id, kind)
    found = lint(build.specimen(planned), planned)
    assert {f.params["problem"] for f in found} == ACCEPTED.keys()
    assert all(map(is_accepted, found))


def test_a_fault_is_never_accepted_and_each_acceptance_has_its_reason() -> None:
    planned = plan()
    (remark,) = lint(build.specimen(planned), planned)
    assert not is_accepted(replace(remark, severity=Severity.WARNING))
    assert not is_accepted(replace(remark, rule="lint.serial"))
    assert all(len(reason) > 40 for reason in ACCEPTED.values())


def test_every_rule_has_a_citation_and_says_what_it_wants() -> None:
    assert all(rule.citation and rule.check.__doc__ for rule in RULES)
    assert len({rule.id for rule in RULES}) == len(RULES)


OTHER_ISSUER = plan("test_server").issuer


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"serial": 5}, "lint.serial"),
        ({"serial": 2 << 112}, "lint.serial"),
        ({"not_after": NOW + timedelta(days=30)}, "lint.validity"),
        ({"not_after": datetime(2027, 11, 25, 21, 59, 59, tzinfo=UTC)}, "lint.validity"),
        ({"not_before": datetime(2024, 12, 31, tzinfo=UTC)}, "lint.validity"),
        ({"subject": {"C": "FI", "O": "Apteekki", "L": "Espoo", "CN": HOSTS[0]}}, "lint.subject"),
        ({"subject": {"C": "FI", "O": "Apteekki", "OU": "A", "CN": HOSTS[0]}}, "lint.subject"),
        ({"subject": {"C": "FI", "O": "Apteekki Š", "CN": HOSTS[0]}}, "lint.subject_values"),
        ({"subject": {"C": "FI", "O": "A", "CN": "x.fi"}}, "lint.subject_alternative_names"),
        *(({"dns_names": (host,)}, "lint.host_names") for host in NEVER_CERTIFIED),
        ({"issuer": OTHER_ISSUER}, "lint.environment"),
        ({"public_key": lasting_key("RSA-2048").public_key()}, "lint.public_key"),
    ],
)
def test_a_plan_beyond_the_rules_is_stopped(changes: dict[str, Any], rule: str) -> None:
    planned = replace(plan(), **changes)
    assert rule in errors(build.specimen(planned), planned)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"serial": new_serial()}, "lint.serial"),
        ({"issuer": OTHER_ISSUER}, "lint.issuer"),
        ({"issuer": OTHER_ISSUER}, "lint.key_identifiers"),
        ({"not_after": NOW + timedelta(days=30)}, "lint.validity"),
        ({"subject": {"C": "FI", "O": "Muu", "CN": HOSTS[0]}}, "lint.subject"),
        ({"public_key": lasting_key("P-384").public_key()}, "lint.public_key"),
        ({"dns_names": HOSTS[:1]}, "lint.subject_alternative_names"),
        ({"dns_names": ()}, "lint.extensions"),
        ({"purpose": frozenset({"server"})}, "lint.extended_key_usage"),
        ({"purpose": frozenset()}, "lint.extensions"),
        ({"profile": PROFILES["system_signature"]}, "lint.key_usage"),
    ],
)
def test_a_certificate_that_departs_from_its_plan_is_stopped(
    changes: dict[str, Any], rule: str
) -> None:
    assert rule in errors(build.specimen(replace(plan(), **changes)), plan())


@pytest.mark.parametrize(
    ("part", "value", "rule"),
    [
        ("policy", Policy("1.2.246.517.1.10.308.2", "http://a.fi/", "x"), "lint.policies"),
        ("policy", Policy("1.3.6.1.4.1.32473.1.2", "http://a.fi/", "x" * 201), "lint.policies"),
        ("crl_url", "http://elsewhere.fi/a.crl", "lint.addresses"),
        ("ocsp_url", "http://elsewhere.fi/ocsp", "lint.addresses"),
        ("branch", "rsa", "lint.signature_algorithm"),
    ],
)
def test_an_issuer_other_than_planned_is_stopped(part: str, value: Any, rule: str) -> None:
    planned = plan()
    other = replace(planned, issuer=replace(planned.issuer, **{part: value}))
    certificate = build.specimen(planned)
    long_notice = part == "policy" and len(value.notice) > 200
    assert rule in errors(certificate if not long_notice else build.specimen(planned), other)


def test_addresses_are_plain_http() -> None:
    planned = plan()
    secure = replace(planned.issuer, crl_url="https://pki.example.fi/a.crl")
    planned = replace(planned, issuer=secure)
    assert "lint.addresses" in errors(build.specimen(planned), planned)


def test_an_extension_the_profile_lacks_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    own = build._extensions

    def more(planned: Plan) -> list[tuple[x509.ExtensionType, bool]]:
        return [*own(planned), (x509.OCSPNoCheck(), False)]

    monkeypatch.setattr(build, "_extensions", more)
    assert errors(build.specimen(plan()), plan()) >= {"lint.extensions"}


def test_a_ca_certificate_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    own = build._extensions

    def as_ca(planned: Plan) -> list[tuple[x509.ExtensionType, bool]]:
        kept = [pair for pair in own(planned) if not isinstance(pair[0], x509.BasicConstraints)]
        return [*kept, (x509.BasicConstraints(ca=True, path_length=0), True)]

    monkeypatch.setattr(build, "_extensions", as_ca)
    assert "lint.basic_constraints" in errors(build.specimen(plan()), plan())


def test_a_name_in_another_string_type_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def printable(planned: Plan) -> x509.Name:
        return x509.Name(
            x509.NameAttribute(ATTRIBUTE_OIDS[name], value, _ASN1Type.PrintableString)
            for name, value in planned.subject.items()
        )

    planned = replace(plan(), subject={"C": "FI", "O": "Apteekki", "CN": HOSTS[0]})
    monkeypatch.setattr(build, "subject_name", printable)
    assert "lint.subject" in errors(build.specimen(planned), planned)


def test_letters_survive_to_the_byte() -> None:
    planned = plan("system_signature")
    der = build.specimen(planned).subject.public_bytes()
    assert "Järjestelmä".encode() in der
    assert "Käpylä".encode() in der


def test_the_purposes_are_those_ordered() -> None:
    planned = replace(plan(), purpose=frozenset({"client"}))
    usages = build.specimen(planned).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert list(usages.value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert errors(build.specimen(planned), planned) == set()


def test_serials_are_spread_over_all_their_bits() -> None:
    """CA/B BR 7.1.2.7: positive, below 2^159, over 64 bits of a CSPRNG, none of them forced."""
    serials = [new_serial() for _ in range(100_000)]
    assert len(set(serials)) == 100_000
    for bit in range(112):
        assert 48_500 < sum(serial >> bit & 1 for serial in serials) < 51_500
    assert {serial >> 112 for serial in serials} == {1}


def test_attributes_are_each_of_their_own_type() -> None:
    types = {a.oid: a._type for a in build.specimen(plan("system_signature")).subject}
    assert types[NameOID.SERIAL_NUMBER] is _ASN1Type.PrintableString
    assert types[NameOID.ORGANIZATION_NAME] is _ASN1Type.UTF8String

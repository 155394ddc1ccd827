"""Comparison of the request's names with the order's; differences are warnings, never errors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from issuance.csr.report import DecodedCsr
from issuance.csr.subject import visible
from issuance.findings import Finding, found


@dataclass(frozen=True, slots=True)
class ExpectedNames:
    """The names of the order and of its register record; None or empty if there is none.

    ``source``: "expected" for an order; "given" if there is none and a visitor entered the names.
    """

    organisation: str
    unit: str | None = None
    dns_names: tuple[str, ...] = ()
    common_name: str | None = None
    serial_number: str | None = None
    source: Literal["expected", "given"] = "expected"


def differences(csr: DecodedCsr, expected: ExpectedNames) -> Iterator[Finding]:
    """A warning for each name in the request that differs; the certificate gets the order's."""
    pairs = [
        ("organisation", "O", expected.organisation),
        ("unit", "OU", expected.unit),
        ("common_name", "CN", expected.common_name),
        ("serial_number", "serialNumber", expected.serial_number),
    ]
    for name, label, wanted in pairs:
        values = csr.values(label)
        if wanted and values and wanted not in values:
            yield found(f"{expected.source}.{name}", value=visible(values[0]), wanted=wanted)
    yield from _hosts(csr, expected)


def is_for_another(csr: DecodedCsr, expected: ExpectedNames) -> bool:
    """Whether a name of the request shows that it was made for another order.

    A host name of the order that is missing from the request, or is in another field, does not.
    """
    ordered = {name.lower() for name in expected.dns_names}
    return any(
        finding.rule.partition(".")[2] != "missing_host"
        and str(finding.params["value"]).lower() not in ordered
        for finding in differences(csr, expected)
    )


def without_expected(findings: list[Finding], expected: ExpectedNames) -> list[Finding]:
    """The findings without those about characters that the expected names contain themselves.

    Such a name was copied from the order or register, as by the ready-made commands, so the
    applicant cannot correct it in the request.
    """
    names = (expected.organisation, expected.unit, expected.common_name)
    right = {visible(name) for name in names if name}
    return [
        finding
        for finding in findings
        if finding.rule != "subject.characters" or finding.params["value"] not in right
    ]


def _hosts(csr: DecodedCsr, expected: ExpectedNames) -> Iterator[Finding]:
    asked = {name.lower() for name in csr.dns_names}
    ordered = {name.lower() for name in expected.dns_names}
    if not asked or not ordered:
        return
    if missing := sorted(ordered - asked):
        yield found(f"{expected.source}.missing_host", value=missing)
    if extra := sorted(asked - ordered):
        yield found(f"{expected.source}.extra_host", value=[visible(name) for name in extra])

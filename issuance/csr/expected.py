"""The names of a request beside those of order and register: differences are shown, never block."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from issuance.csr.report import DecodedCsr
from issuance.csr.subject import visible
from issuance.findings import Finding, found


@dataclass(frozen=True, slots=True)
class ExpectedNames:
    """The names of the order and its register record; None or empty where there is none.

    ``source`` "given" means that there is no order, but somebody unknown who gave names.
    """

    organisation: str
    unit: str | None = None
    dns_names: tuple[str, ...] = ()
    common_name: str | None = None
    serial_number: str | None = None
    source: Literal["expected", "given"] = "expected"


def differences(csr: DecodedCsr, expected: ExpectedNames) -> Iterator[Finding]:
    """One warning for each name that is there and differs; the certificate gets the order's."""
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


def without_expected(findings: list[Finding], expected: ExpectedNames) -> list[Finding]:
    """The findings but those about characters that the order or the register itself has.

    Whoever copies a name from there, as the ready-made commands do, cannot mend it.
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

"""The DNS record by which an organisation shows that it controls a domain. Pure.

The record is a TXT record at `_sote-validation.<name>`, in the syntax of the value of a CAA issue
property (RFC 8659 section 4.2):

    dvv.fi; account=0123456789abcdef0123456789abcdef; until=2027-11-30; scope=subdomains

`account` is the organisation's identifier in this service. `until`, the last day on which the
record counts, and `scope` may be absent. Only with `scope=subdomains` does it count for names below
`<name>`. The record stays in the DNS: it is looked up again before each signature that rests on it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from issuance.certificate.hosts import registrable

LABEL = "_sote-validation"
SUBDOMAINS = "subdomains"

_WSP = " \t"
_PARAMETER = re.compile(
    r"(?P<tag>[A-Za-z0-9](?:-*[A-Za-z0-9])*)[ \t]*=[ \t]*(?P<value>[\x21-\x3a\x3c-\x7e]*)\Z"
)


class Outcome(StrEnum):
    """What a look for the record found; of several records, the one nearest to a proof counts."""

    PROVEN = "proven"
    EXPIRED = "expired"
    """Its last day has passed."""
    NO_SUBDOMAINS = "no_subdomains"
    """It stands at a name above, without `scope=subdomains`."""
    OTHER_ACCOUNT = "other_account"
    UNREADABLE = "unreadable"
    """It names this service but does not keep to the syntax."""
    ABSENT = "absent"
    BOGUS = "bogus"
    """The answer fails DNSSEC validation, so that nothing in it may be believed."""
    UNANSWERED = "unanswered"
    """The zone's name servers, or the resolver, did not answer."""


@dataclass(frozen=True, slots=True)
class Record:
    """One TXT record: who may rely on it, and its parameters by tag in lower case."""

    issuer: str
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class Look:
    """What was found for one host.

    `place`: the name at which the record stands, without the label. `is_secure`: every answer was
    validated from the root on; otherwise the zone is unsigned. `caa`: the CAA records that hold for
    the host (RFC 8659 section 3), as text; they are kept, not obeyed.
    """

    outcome: Outcome
    place: str = ""
    record: str = ""
    is_secure: bool = False
    caa: list[str] = field(default_factory=list)
    resolvers: list[str] = field(default_factory=list)

    @property
    def subdomains(self) -> bool:
        """Whether the record counts for the names below its own too."""
        return covers_subdomains(read(self.record))


def account_of(organisation_id: UUID) -> str:
    """Return the organisation's identifier in the record: it says nothing about who it is."""
    return organisation_id.hex


def text(issuer: str, organisation_id: UUID, *, subdomains: bool, until: date | None = None) -> str:
    """Return the record that the organisation is asked to publish."""
    parts = [issuer, f"account={account_of(organisation_id)}"]
    if until is not None:
        parts.append(f"until={until.isoformat()}")
    if subdomains:
        parts.append(f"scope={SUBDOMAINS}")
    return "; ".join(parts)


def places(host: str) -> list[str]:
    """Return the names at which a record for the host may stand, nearest first.

    They end with the name that is registered, below a public suffix or a shared ending such as
    `github.io`: whoever holds the suffix does not speak for the names below it.
    """
    top = registrable(host)
    if top is None:
        return []
    labels = host.split(".")
    names = [".".join(labels[at:]) for at in range(len(labels))]
    return names[: names.index(top) + 1]


def read(value: str) -> Record | None:
    """Return the parsed record; None if it does not keep to the syntax.

    An unknown tag is kept, since RFC 8659 lets each issuer define its own; a tag given twice makes
    the record unreadable.
    """
    issuer, *rest = value.strip(_WSP).split(";")
    parts = [part.strip(_WSP) for part in rest]
    if parts and not parts[-1]:  # a final semicolon
        parts.pop()
    parameters: dict[str, str] = {}
    for part in parts:
        found = _PARAMETER.match(part)
        if found is None or found["tag"].lower() in parameters:
            return None
        parameters[found["tag"].lower()] = found["value"]
    return Record(issuer.strip(_WSP).lower(), parameters)


def judge(
    values: Iterable[str], *, issuer: str, organisation_id: UUID, is_above: bool, on: date
) -> tuple[Outcome, str]:
    """Return what the TXT records at one name say for the organisation, and the record judged.

    `is_above`: the name is above the host for which they were looked up.
    """
    found = [(_judged(one, issuer, organisation_id, is_above, on), one) for one in values]
    order = list(Outcome)
    ours = [each for each in found if each[0] is not Outcome.ABSENT]
    return min(ours, key=lambda each: order.index(each[0]), default=(Outcome.ABSENT, ""))


def _judged(value: str, issuer: str, organisation_id: UUID, is_above: bool, on: date) -> Outcome:
    named = value.split(";", 1)[0].strip(_WSP).lower()
    if named != issuer:
        return Outcome.ABSENT
    record = read(value)
    if record is None:
        return Outcome.UNREADABLE
    if record.parameters.get("account", "").lower() != account_of(organisation_id):
        return Outcome.OTHER_ACCOUNT
    if (until := record.parameters.get("until")) is not None:
        try:
            last = date.fromisoformat(until)
        except ValueError:
            return Outcome.UNREADABLE
        if last < on:
            return Outcome.EXPIRED
    if is_above and not covers_subdomains(record):
        return Outcome.NO_SUBDOMAINS
    return Outcome.PROVEN


def covers_subdomains(record: Record | None) -> bool:
    """Whether the record counts for the names below its own too."""
    return record is not None and record.parameters.get("scope", "").lower() == SUBDOMAINS

"""How names from the register are written in the certificate's subject.

O and OU carry the register's long name if it has at most 64 characters (RFC 5280, appendix A.1),
all of them allowed by the certificate profile. Otherwise they carry the shortening that a reviewer
has chosen, else the applicant's spelling, else the register's abbreviation. If none of these fits,
the name is open: a reviewer chooses a shortening at a word boundary. A character that the profile
does not allow is never replaced silently: the applicant is asked how the name is to be spelled.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import takewhile

from accounts.register.lookup import queries
from accounts.register.models import Kind, RegisterRecord
from applications.models import Application
from applications.models.certificate_types import CertificateType
from applications.rules import proposed_names
from applications.rules.last_submission import Sent
from certportal.foundation import clock
from issuance.certificate.names import UPPER_BOUNDS, foreign_characters, is_tidy
from issuance.csr import ExpectedNames

LONGEST = UPPER_BOUNDS["CN"]
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">", "«": "»"}


@dataclass(frozen=True, slots=True)
class CertificateName:
    """One name (O or OU) for the certificate.

    `full` is the register's long name and `value` what the certificate says; `value` is empty
    while a person must still choose. `origin` is long_name, abbreviation, spelling or open (not
    chosen yet). `foreign` are the characters of the long name that the certificate cannot carry;
    `shortenings` the values to choose from while the name is open.
    """

    full: str
    value: str
    origin: str
    foreign: tuple[str, ...] = ()
    shortenings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """The organisation's and the unit's names; `unit` is None for an intermediary.

    `locality` is optional in every certificate, so that one which does not fit is left out.
    `record` is the version of the unit's (or intermediary's) register record they come from.
    """

    organisation: CertificateName
    unit: CertificateName | None
    locality: str
    record: RegisterRecord

    def certified(self, kind: CertificateType) -> dict[str, CertificateName]:
        """Return the names that a certificate of the kind carries, by their attribute."""
        carried = {"O": self.organisation}
        return carried | {"OU": self.unit} if self.unit and kind.carries_unit else carried


def fits(name: str, attribute: str = "CN") -> bool:
    """Return whether a certificate can carry the name unchanged in the attribute."""
    bound = UPPER_BOUNDS[attribute]
    return len(name) <= bound and is_tidy(name) and not foreign_characters(name)


def not_carried(name: str) -> list[str]:
    """Return the characters without which the name is to be spelled, each once.

    They are those that the profile does not allow, and those before the first letter or digit with
    the brackets that close them: no shortening of the name fits either (`is_tidy`).
    """
    before = [one for one in takewhile(lambda one: not one.isalnum(), name) if one != " "]
    after = [_CLOSING[one] for one in before if one in _CLOSING and _CLOSING[one] in name]
    return list(dict.fromkeys([*before, *after, *foreign_characters(name)]))


def certificate_name(long_name: str, abbreviation: str, spelling: str) -> CertificateName:
    """Return how the name is written in the certificate; see the module for the rule."""
    foreign = tuple(not_carried(long_name))
    if fits(long_name):
        return CertificateName(long_name, long_name, "long_name")
    if spelling and fits(spelling):
        return CertificateName(long_name, spelling, "spelling", foreign)
    if abbreviation and fits(abbreviation):
        return CertificateName(long_name, abbreviation, "abbreviation", foreign)
    return CertificateName(long_name, "", "open", foreign, tuple(shortenings(long_name)))


def shortenings(name: str) -> list[str]:
    """Return the four longest shortenings at a word boundary that fit, longest first."""
    return [beginning for beginning in beginnings(name) if fits(beginning)][:4]


def beginnings(name: str) -> Iterator[str]:
    """Yield the name, then every shortening of it at a word boundary, longest first."""
    words = name.split()
    return (" ".join(words[:count]).rstrip(",;:-–") for count in range(len(words), 0, -1))


def names(order: Application | Sent, *, now: datetime) -> Names | None:
    """Return the names for the order's certificate, or None when the record is unknown.

    Given an Application, its present fields count; given a Sent, those of the submission. A name
    chosen by a reviewer takes precedence over the applicant's spelling.
    """
    today = clock.day(now)
    record = queries.get_record(order.record_oid, kind=order.record_kind, on=today)
    if record is None:
        return None
    provider = _provider(record, today)
    organisation = certificate_name(
        provider.long_name,
        provider.abbreviation,
        order.organisation_chosen or order.organisation_spelling,
    )
    unit = None
    if record.kind == Kind.SOTE_UNIT:
        spelling = order.unit_chosen or order.unit_spelling
        unit = certificate_name(record.long_name, record.abbreviation, spelling)
    locality = record.municipality_name
    return Names(organisation, unit, locality if fits(locality, "L") else "", record)


def unwritten(application: Application, now: datetime) -> list[str]:
    """Return the register's names for which a person must still give a spelling."""
    order_names = names(application, now=now)
    if order_names is None:
        return []
    carried = order_names.certified(application.kind).values()
    return [name.full for name in carried if name.foreign and name.origin == "open"]


def _provider(record: RegisterRecord, today: date) -> RegisterRecord:
    """Return the record of the unit's provider (node 10.0), or the record itself without one."""
    if record.kind != Kind.SOTE_UNIT or not record.provider_oid:
        return record
    return queries.get_record(record.provider_oid, kind=record.kind, on=today) or record


def renamed(record: RegisterRecord, known_at: datetime, *, now: datetime) -> list[tuple[str, str]]:
    """Return the changed long names of the unit and its organisation as (before, after) pairs.

    Compares `record`, as known at `known_at`, with today. The long names are compared because the
    certificate may carry a spelling or an abbreviation, which does not show such a change.
    """
    today = clock.day(now)
    present = queries.get_record(record.oid, kind=record.kind, on=today)
    if present is None:
        return []
    earlier = queries.with_provider(record, known_at=known_at)
    current = [present, _provider(present, today)]
    # `earlier` lacks the organisation if it was not known at that time.
    pairs = zip(earlier, current, strict=False)
    return [(old.long_name, new.long_name) for old, new in pairs if old.long_name != new.long_name]


def settled_names(application: Application, *, now: datetime) -> ExpectedNames:
    """Return the expected names, without host names that are only proposed and may change."""
    expected = expected_names(application, now=now)
    if not proposed_names.are_awaited(application):
        return expected
    return replace(expected, dns_names=(), common_name=None)


def expected_names(application: Application, *, now: datetime) -> ExpectedNames:
    """Return the names that a certificate request for the order is expected to carry."""
    order_names = names(application, now=now)
    hosts = tuple(application.names)
    kind = application.kind
    certified = order_names.certified(kind) if order_names else {}
    system_or_mailbox = (application.system_name or application.certified_email,)
    common_names = hosts[:1] if kind.has_host_names else system_or_mailbox
    return ExpectedNames(
        organisation=order_names.organisation.value if order_names else "",
        unit=certified["OU"].value if "OU" in certified else None,
        dns_names=hosts,
        common_name=next(iter(common_names), None) or None,
        serial_number=(application.system_oid or None) if kind.has_system else None,
    )


_MOST = 3
"""The most characters that may replace one the profile does not allow, such as "OE" for "Œ"."""
_LETTERS = rf"[^\W\d_]{{1,{_MOST}}}"
_SIGNS = rf"[^\w]{{0,{_MOST}}}"


def is_faithful(name: str, spelling: str) -> bool:
    """Return whether the spelling differs from the name only at its foreign characters.

    Foreign are the characters that the certificate profile does not allow. A foreign letter may be
    written as one to three letters, another foreign character as at most three non-letters (a
    symbol as either). If the result could exceed 64 characters, it may be cut at a word boundary.
    """
    whole = unicodedata.normalize("NFC", name)
    foreign = frozenset(not_carried(whole))
    longest = sum(_MOST if character in foreign else 1 for character in whole)
    candidates = [whole] if longest <= LONGEST else [whole, *beginnings(whole)]
    return any(re.fullmatch(_pattern(candidate, foreign), spelling) for candidate in candidates)


def _pattern(name: str, foreign: frozenset[str]) -> str:
    return "".join(_foreign(char) if char in foreign else re.escape(char) for char in name)


def _foreign(character: str) -> str:
    """Return the pattern of what may replace the foreign character; see `is_faithful`."""
    if character.isalpha():
        return _LETTERS
    is_symbol = unicodedata.category(character).startswith("S")
    return f"(?:{_LETTERS}|{_SIGNS})" if is_symbol else _SIGNS

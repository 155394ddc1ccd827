"""Findings about an order in words: what is the matter, and what to do about it."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from issuance import wording
from issuance.findings import Finding, Severity
from issuance.wording import WordedFinding

type Words = tuple[str, str, str]

WORDS: dict[str, Callable[[dict[str, Any]], Words]] = {
    "order.register_unknown": lambda p: (
        _("The unit is not in the register"),
        _("The register has no unit with the identifier %(oid)s.") % p,
        _("Choose the unit again, or ask the register's keeper to enter it."),
    ),
    "order.register_removed": lambda p: (
        _("The unit has been removed from the register"),
        _("%(name)s (%(oid)s) is no longer in the register.") % p,
        _("Choose the unit that has taken its place."),
    ),
    "order.register_not_active": lambda p: (
        _("The unit is not active in the register"),
        _("%(name)s (%(oid)s) is in the register but not active.") % p,
        _("Choose another unit, or have the entry put right with the register's keeper."),
    ),
    "order.register_not_yet_valid": lambda p: (
        _("The unit is not yet valid in the register"),
        _("%(name)s (%(oid)s) begins later.") % p,
        _("Wait until the unit begins, or choose another unit."),
    ),
    "order.register_ended": lambda p: (
        _("The unit has ended in the register"),
        _("%(name)s (%(oid)s) has ended.") % p,
        _("Choose the unit that has taken its place."),
    ),
    "order.register_other_owner": lambda p: (
        _("The unit belongs to another organisation"),
        _("The register ties %(name)s (%(oid)s) to the business ID of another organisation.") % p,
        _("Choose a unit of your own, or have the entry put right with the register's keeper."),
    ),
    "order.host_name": lambda p: (
        _("A host name cannot be used"),
        _("“%(value)s” is not a complete host name.") % p,
        _("Give the name in full, such as erecept.example.fi."),
    ),
    "order.system_oid": lambda p: (
        _("The system's identifier is not an OID"),
        _("“%(value)s” is not an object identifier.") % p,
        _("Give the OID of the information system, numbers separated by dots."),
    ),
    "order.mailbox": lambda p: (
        _("The mailbox is not proven"),
        _("Nobody has shown yet that the organisation reads the mailbox “%(value)s”.") % p,
        _("Ask for a code to the mailbox and enter it."),
    ),
    "order.characters": lambda p: (
        _("The name has characters that a certificate cannot carry"),
        _("The name “%(full)s” has the characters %(characters)s.") % p,
        _("Tell how the name is written without them."),
    ),
    "order.name_too_long": lambda p: (
        _("The name is longer than a certificate can carry"),
        _("The name “%(full)s” has more than 64 characters and the register has no abbreviation.")
        % p,
        _("The reviewer chooses a shortening at a word."),
    ),
    "order.name_written": lambda p: (
        _("The name is written in another way in the certificate"),
        _("The register's name is “%(full)s”; the certificate says “%(value)s”.") % p,
        _("The full name stays on the order and the decision."),
    ),
    "order.name_otherwise": lambda p: (
        _("The name is written quite otherwise than in the register"),
        _(
            "The register's name is “%(full)s”; the applicant writes “%(value)s”. More differs"
            " than the characters that a certificate cannot carry."
        )
        % p,
        _("Compare the names. If they do not mean the same organisation, ask the applicant."),
    ),
    "order.conformity_missing": lambda p: (
        _("The certificate of conformity is missing"),
        _("A private provider attaches the information system's certificate of conformity."),
        _("Fill in the details of the certificate of conformity and attach it as a PDF."),
    ),
    "order.conformity_expired": lambda p: (
        _("The certificate of conformity has expired"),
        _("The certificate of conformity was valid until %(day)s.") % {"day": _day(p["day"])},
        _("Attach a certificate of conformity that is in force."),
    ),
    "order.sector_unknown": lambda p: (
        _("The register does not tell the sector of the unit"),
        _("It is not known whether %(oid)s is public or private.") % p,
        _("If the provider is private, ask for the certificate of conformity."),
    ),
    "order.names_changed": lambda p: (
        _("The register's names have changed"),
        _("The certificate was prepared with %(before)s. The register now says %(after)s.")
        % {"before": p.get("before") or "–", "after": p.get("after") or "–"},
        _("The certificate is prepared anew with the names of today. Look at it again."),
    ),
    "key.pending": lambda p: (
        _("The key cannot be used"),
        _("The key of this certificate request cannot be used for this order."),
        _("Make a new key pair and a new certificate request."),
    ),
}


def _day(iso: str) -> str:
    return date_format(date.fromisoformat(iso), "SHORT_DATE_FORMAT")


def word(finding: Finding) -> WordedFinding:
    """Return the finding in the active language; rules of the CA are worded by the CA."""
    found = WORDS.get(finding.rule)
    if found is None:
        return wording.word(finding)
    title, text, remedy = found(dict(finding.params))
    return WordedFinding(finding.rule, finding.severity, title, text, remedy)


def word_all(stored: list[dict[str, Any]]) -> list[tuple[Finding, WordedFinding]]:
    """Return stored findings with their words, errors first."""
    order = {"error": 0, "warning": 1, "info": 2}
    findings = sorted(map(Finding.from_json, stored), key=lambda f: order[f.severity.value])
    return [(finding, word(finding)) for finding in findings]


def word_faults(stored: list[dict[str, Any]]) -> list[tuple[Finding, WordedFinding]]:
    """Return what must be mended, with its words: warnings are for reviewers to weigh."""
    return [pair for pair in word_all(stored) if pair[0].severity is Severity.ERROR]

"""Texts of the findings about an order: title, explanation, and what to do about it."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from applications.rules.certificate_names import LONGEST
from certportal.foundation.text.wording import day_words
from issuance import wording
from issuance.certificate.hosts import with_unicode
from issuance.findings import Finding, Severity

type Words = tuple[str, str, str]

WORDS: dict[str, Callable[[dict[str, Any]], Words]] = {
    "order.register_unknown": lambda p: (
        _("The unit is not in the register"),
        _("The register has no unit with the identifier %(oid)s.") % p,
        _("Choose the unit again, or ask the register's keeper to enter it."),
    ),
    "order.register_removed": lambda p: (
        _("The unit has been removed from the register"),
        _("%(name)s (%(oid)s) is no longer in the register.") % _unit(p),
        _("Choose the unit that has taken its place."),
    ),
    "order.register_not_active": lambda p: (
        _("The unit is not active in the register"),
        _("%(name)s (%(oid)s) is in the register but not active.") % _unit(p),
        _("Choose another unit, or ask the register's keeper to correct the entry."),
    ),
    "order.register_not_yet_valid": lambda p: (
        _("The unit is not yet valid in the register"),
        _("%(name)s (%(oid)s) is not yet valid in the register.") % _unit(p),
        _("Wait until the unit begins, or choose another unit."),
    ),
    "order.register_ended": lambda p: (
        _("The unit has ended in the register"),
        _("%(name)s (%(oid)s) has ended in the register.") % _unit(p),
        _("Choose the unit that has taken its place."),
    ),
    "order.register_other_owner": lambda p: (
        _("The unit belongs to another organisation"),
        _("The register ties %(name)s (%(oid)s) to the business ID of another organisation.")
        % _unit(p),
        _("Choose a unit of your own, or ask the register's keeper to correct the entry."),
    ),
    "order.host_name": lambda p: (
        _("A host name cannot be used"),
        _host_fault(p),
        _("Give the name in full, such as erecept.example.fi."),
    ),
    "order.host_shared": lambda p: (
        _("Anybody can get a name in the domain of a host name"),
        _("“%(value)s” is below “%(ending)s”, where a service gives names to its customers.") % p,
        _("See that this very name is the applicant's: the domain register names the service."),
    ),
    "order.system_oid": lambda p: (
        _("The system's identifier is not an OID"),
        _("“%(value)s” is not an OID of at most %(limit)s characters.") % {**p, "limit": LONGEST},
        _("Give the OID of the information system, numbers separated by dots."),
    ),
    "order.system_oid_outside": lambda p: (
        _("The system's OID is another organisation's to give"),
        _("“%(value)s” is not under the organisation's own OID root %(root)s.") % p,
        _(
            "Give the information system an OID that begins with the organisation's own root, or"
            " write why it has another."
        ),
    ),
    "order.system_name": lambda p: (
        _("A certificate cannot carry the name of the system"),
        _(
            "“%(value)s” is too long, does not begin with a letter or a digit, or has characters"
            " that certificates do not have."
        )
        % p,
        _("Begin the name with a letter or a digit, without extra spaces."),
    ),
    "order.host_declared": lambda p: (
        _("Only the applicant's word supports a host name"),
        _("Nothing but the applicant's declaration shows who administers “%(value)s”.")
        % {"value": with_unicode(p["value"])},
        _("Look for better evidence, such as the domain register."),
    ),
    "order.not_waived": lambda p: (
        _("A waiver that the order rested on is no longer in force"),
        _("It was about “%(value)s”, and ended before the certificate was signed.")
        % {"value": with_unicode(p["value"])},
        _("Waive it again with reasons, record other evidence, or ask the applicant."),
    ),
    "order.system_oid_elsewhere": lambda p: (
        _("The system's OID is certified for another account"),
        _("“%(value)s” is in a certificate of %(organisation)s (order %(order)s).") % p,
        _("Find out whose the system is. If the OID is another's, ask the applicant."),
    ),
    "order.system_name_otherwise": lambda p: (
        _("The system has another name in the certificate of conformity"),
        _(
            "The order names the system “%(value)s”; the details of the certificate of conformity"
            " say “%(proven)s”."
        )
        % p,
        _("Compare with the document. If they do not mean the same system, ask the applicant."),
    ),
    "order.system_name_in_register": lambda p: (
        _("The system has the name of another organisation"),
        _("The register has the name “%(name)s” (%(oid)s); the order names the system “%(value)s”.")
        % p,
        _("Ask the applicant for a name that nobody takes for another organisation."),
    ),
    "order.system_name_elsewhere": lambda p: (
        _("Another account has a certificate for a system of this name"),
        _("%(organisation)s has the name “%(name)s” in a certificate (order %(order)s).") % p,
        _("Many may use one product. If the name is another's own, ask the applicant."),
    ),
    "order.mailbox": lambda p: (
        _("The mailbox is not confirmed"),
        _("Nobody has shown yet that the organisation reads the mailbox “%(value)s”.") % p,
        _("Ask for a code to the mailbox and enter it."),
    ),
    "order.mailbox_host": lambda p: (
        _("The mailbox cannot be certified"),
        _host_fault(p),
        _("Choose a mailbox whose address works on the internet."),
    ),
    "order.characters": lambda p: (
        _("The name has characters that a certificate cannot carry"),
        _("The name “%(full)s” has the characters %(characters)s.") % p,
        _("Say how the name is written without them."),
    ),
    "order.name_too_long": lambda p: (
        _("The name is longer than a certificate can carry"),
        _(
            "The name “%(full)s” has more than %(limit)s characters and the register has no"
            " abbreviation."
        )
        % {**p, "limit": LONGEST},
        _("The reviewer chooses a shortening at a word."),
    ),
    "order.name_written": lambda p: (
        _("The name is written in another way in the certificate"),
        _("The register's name is “%(full)s”; the certificate says “%(value)s”.") % p,
        _("The full name stays on the order and the decision."),
    ),
    "order.name_otherwise": lambda p: (
        _("The name is written very differently from the register"),
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
        _("The certificate of conformity was valid until %(day)s.") % {"day": day_words(p["day"])},
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
        _("The certificate is prepared again with the names of today. Look at it again."),
    ),
    "key.own_certificate": lambda p: (
        _("The key has been certified before"),
        _(
            "The organisation's own certificate %(name)s, issued on %(day)s, has this key already"
            " (serial number %(serial)s). Every certificate needs a key of its own."
        )
        % (p | {"name": with_unicode(p["name"]), "day": day_words(p["day"])}),
        _("Make a new key pair and a new certificate request."),
    ),
    "key.own_order": lambda p: (
        _("The key belongs to another order"),
        _(
            "The organisation's own order %(order)s has a certificate request with this key"
            " already. Every certificate needs a key of its own."
        )
        % p,
        _("Make a new key pair and a new certificate request."),
    ),
    "order.sender_left": lambda p: (
        _("The sender of the order has left the organisation"),
        _("Their membership of the organisation's account has ended since the order was sent."),
        _("Ask for information, so that somebody who acts for the organisation sends it again."),
    ),
    "order.domain_not_proven": lambda p: (
        _("The DNS record of a domain is not found any more"),
        _("The record that showed who controls %(value)s was not found right before signing.")
        % {"value": with_unicode(p["value"])},
        _("Ask for information, so that the record is published again, or record other evidence."),
    ),
    # No longer produced; findings stored before release 2026.11.5 have it.
    "key.pending": lambda p: (
        _("The key cannot be used"),
        _("The key of this certificate request cannot be used for this order."),
        _("Make a new key pair and a new certificate request."),
    ),
}


def _unit(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters with a name, "The unit" if the record's name is not known."""
    return params | {"name": params.get("name") or _("The unit")}


def _host_fault(params: dict[str, Any]) -> str:
    """Explain what is wrong with a host name.

    Findings stored before release 2026.11.5 lack `problem` and get a general text.
    """
    if "problem" not in params:
        return _("“%(value)s” is not a complete host name.") % params
    return wording.word(Finding("ca.dns_name", Severity.ERROR, params)).text


def word(finding: Finding) -> wording.WordedFinding:
    """Return the texts of a finding, also of one by the CA's rules, in the active language."""
    make = WORDS.get(finding.rule)
    if make is None:
        return wording.word(finding)
    title, text, remedy = make(dict(finding.params))
    return wording.WordedFinding(finding.rule, finding.severity, title, text, remedy)


def word_all(stored: list[dict[str, Any]]) -> list[tuple[Finding, wording.WordedFinding]]:
    """Return stored findings (`Finding.to_json`) with their texts, errors first.

    What the common name and an alternative name share, such as a host name, is told once.
    """
    order = {"error": 0, "warning": 1, "info": 2}
    findings = sorted(map(Finding.from_json, stored), key=lambda f: order[f.severity.value])
    told: dict[tuple[str, ...], tuple[Finding, wording.WordedFinding]] = {}
    for finding in findings:
        words = word(finding)
        told.setdefault((*words.kind, words.text), (finding, words))
    return list(told.values())


def word_faults(stored: list[dict[str, Any]]) -> list[tuple[Finding, wording.WordedFinding]]:
    """Return only the errors, which the applicant must correct, with their texts."""
    return [pair for pair in word_all(stored) if pair[0].severity is Severity.ERROR]

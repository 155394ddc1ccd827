"""Findings as text in the active language: actual value, required value and remedy."""

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop as _

from issuance.certificate.hosts import LONGEST_LABEL, LONGEST_NAME, with_unicode
from issuance.findings import Finding, Param, Severity
from issuance.wording import authority, files, forms, hosts, keys, names
from issuance.wording.advice import REMEDIES, TITLES

SENTENCES = {
    rule: (remedy, sentence)
    for part in (files, forms, keys, names, hosts, authority)
    for remedy, sentences in part.SENTENCES.items()
    for rule, sentence in sentences.items()
}
_OTHER = _("The rule %(rule)s found a fault: %(detail)s")
_HOST_RULES = frozenset({"subject.host", "san.host", "ca.dns_name"})


@dataclass(frozen=True, slots=True)
class WordedFinding:
    """A finding as plain text: heading, one or two sentences, and the remedy (may be empty)."""

    rule: str
    severity: Severity
    title: str
    text: str
    remedy: str

    @property
    def kind(self) -> tuple[Severity, str, str]:
        """Grouping key: findings with the same key are shown together, differing in ``text``."""
        return self.severity, self.title, self.remedy


_LIMITS = {"longest_name": str(LONGEST_NAME), "longest_label": str(LONGEST_LABEL)}


def word(finding: Finding) -> WordedFinding:
    """The text of a finding in the active language; for an unknown rule, its id and parameters."""
    remedy, sentence = _sentence(finding)
    group = "host" if finding.rule in _HOST_RULES else finding.rule.partition(".")[0]
    values = {name: _shown(value) for name, value in finding.params.items()}
    if group == "host":
        values["value"] = with_unicode(values.get("value", ""))
    values = {"rule": finding.rule, "detail": ", ".join(values.values()), **_LIMITS, **values}
    return WordedFinding(
        rule=finding.rule,
        severity=finding.severity,
        title=gettext(TITLES.get(group, "Certificate to be")),
        text=gettext(sentence) % values,
        remedy=gettext(REMEDIES[remedy]) if remedy else "",
    )


def _sentence(finding: Finding) -> tuple[str, str]:
    """Remedy and sentence: those of "rule:problem" (or "rule:value") if any, else the rule's."""
    case = finding.params.get("problem", finding.params.get("value", ""))
    rule = "host" if finding.rule in _HOST_RULES else finding.rule
    special = SENTENCES.get(f"{rule}:{case}") if isinstance(case, str) else None
    remedy, sentence = special or SENTENCES.get(finding.rule) or ("", _OTHER)
    if rule == "host" and finding.severity is not Severity.ERROR:
        remedy = "from_order"  # the certificate does not get this name
    return remedy, sentence


def _shown(value: Param) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)

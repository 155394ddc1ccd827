"""Findings in words: the value found, the value wanted and what to do, in the active language."""

from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from issuance.findings import Finding, Param, Severity
from issuance.wording import authority, files, forms, hosts, keys, names
from issuance.wording.advice import REMEDIES, TITLES

SENTENCES = {
    **files.SENTENCES,
    **forms.SENTENCES,
    **keys.SENTENCES,
    **names.SENTENCES,
    **hosts.SENTENCES,
    **authority.SENTENCES,
}
_OTHER = _("The rule %(rule)s found a fault: %(detail)s")
_HOST_RULES = frozenset({"subject.host", "san.host"})


@dataclass(frozen=True, slots=True)
class WordedFinding:
    """A finding for a reader: heading, one or two sentences, and the remedy; plain text."""

    rule: str
    severity: Severity
    title: str
    text: str
    remedy: str

    @property
    def kind(self) -> tuple[Severity, str, str]:
        """What findings share that are told together: only their sentences differ."""
        return self.severity, self.title, self.remedy


def word(finding: Finding) -> WordedFinding:
    """Word a finding in the active language; an unknown rule is named with its detail."""
    remedy, sentence = _sentence(finding)
    group = "host" if finding.rule in _HOST_RULES else finding.rule.partition(".")[0]
    values = {name: _shown(value) for name, value in finding.params.items()}
    values = {"rule": finding.rule, "detail": ", ".join(values.values()), **values}
    return WordedFinding(
        rule=finding.rule,
        severity=finding.severity,
        title=gettext(TITLES.get(group, "Certificate to be")),
        text=gettext(sentence) % values,
        remedy=gettext(REMEDIES[remedy]) if remedy else "",
    )


def _sentence(finding: Finding) -> tuple[str, str]:
    """Remedy and sentence: those of the very case if there are any, else the rule's."""
    case = finding.params.get("problem", finding.params.get("value", ""))
    rule = "host" if finding.rule in _HOST_RULES else finding.rule
    special = SENTENCES.get(f"{rule}:{case}") if isinstance(case, str) else None
    return special or SENTENCES.get(rule) or ("", _OTHER)


def _shown(value: Param) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)

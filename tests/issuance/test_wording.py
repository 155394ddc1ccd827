"""Every rule of the authority and of the lint has words."""

import ast
import re
from pathlib import Path

from issuance.authority import build
from issuance.certificate import order
from issuance.certificate.lint import RULES, lint
from issuance.findings import Finding, Severity
from issuance.services.issuing import evidence
from issuance.wording import SENTENCES, word
from tests.issuance.plans import plan


def rules_of(module: object) -> set[str]:
    source = Path(str(module.__file__)).read_text()  # type: ignore[attr-defined]
    strings = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    return {text for text in strings if isinstance(text, str) and re.fullmatch(r"ca\.\w+", text)}


def test_every_rule_has_a_sentence() -> None:
    own = rules_of(order) | rules_of(evidence) | {rule.id for rule in RULES}
    assert len(own) > 25
    assert own <= SENTENCES.keys()


def test_what_every_certificate_is_noted_for_has_words_of_its_own() -> None:
    planned = plan("server", "P-256")
    noted = lint(build.specimen(planned), planned)
    assert noted
    assert all("pkix." not in word(one).text for one in noted)


def test_a_sentence_tells_the_values() -> None:
    finding = Finding("ca.length", Severity.ERROR, {"attribute": "O", "value": 70, "limit": 64})
    worded = word(finding)
    assert all(part in worded.text for part in ("O", "70", "64"))

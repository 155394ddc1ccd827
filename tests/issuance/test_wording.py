"""Every rule of the authority and of the lint has words, and so has every refusal."""

import ast
import re
from pathlib import Path

import pytest

from issuance import orders
from issuance.findings import Finding, Severity
from issuance.lint import RULES
from issuance.services import REASONS, evidence
from issuance.wording import SENTENCES, word
from issuance.wording.authority import REFUSALS, REVOCATIONS, word_refusal


def rules_of(module: object) -> set[str]:
    source = Path(str(module.__file__)).read_text()  # type: ignore[attr-defined]
    strings = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    return {text for text in strings if isinstance(text, str) and re.fullmatch(r"ca\.\w+", text)}


def test_every_rule_has_a_sentence() -> None:
    own = rules_of(orders) | rules_of(evidence) | {rule.id for rule in RULES}
    assert len(own) > 25
    assert own <= SENTENCES.keys()


def test_a_sentence_tells_the_values() -> None:
    finding = Finding("ca.length", Severity.ERROR, {"attribute": "O", "value": 70, "limit": 64})
    worded = word(finding)
    assert all(part in worded.text for part in ("O", "70", "64"))


@pytest.mark.parametrize("reason", REFUSALS)
def test_refusals_have_words(reason: str) -> None:
    assert word_refusal(reason) != reason


def test_an_unknown_refusal_is_named() -> None:
    assert "moon_phase" in word_refusal("moon_phase")


def test_reasons_for_revocation_have_words() -> None:
    assert set(REVOCATIONS) == set(REASONS)

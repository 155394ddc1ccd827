"""Limits and periods reach sentences as values: the words of a page do not repeat a number."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines

from certportal.foundation.text.wording import filled
from certportal.web.facts import FACTS

NUMBER = r"\d[\d,]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|thirty|sixty"
UNIT = (
    r"(?:working )?days?|weeks?|months?|years?|hours?|minutes?|[kM]B|characters?|digits?|documents?"
)
TYPED = re.compile(rf"(?<![%\w])(?:{NUMBER}) (?:{UNIT})\b", re.IGNORECASE)
TAGGED = re.compile(
    r'{% translate "([^"]*)"|{% blocktranslate[^%]*%}(.*?){% endblocktranslate', re.DOTALL
)
WORDING = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
# Numbers that are not ours: a form of the registers, and the grammar of "at least one".
STANDARD = {
    "Check the business ID. It has seven digits, a hyphen and a check digit.",
    "Enter at least 1 month.",
}


def test_no_sentence_repeats_a_limit_or_a_period() -> None:
    said = [*of_templates(), *of_code()]
    assert len(said) > 1000
    assert [one for one in said if TYPED.search(one) and one not in STANDARD] == []


def of_templates() -> Iterator[str]:
    for page in Path(settings.BASE_DIR, "templates").rglob("*.*"):
        for short, long in TAGGED.findall(page.read_text()):
            yield " ".join((short or long).split())


def of_code() -> Iterator[str]:
    for app in ("accounts", "applications", "certportal", "issuance"):
        for path in Path(settings.BASE_DIR, app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in WORDING:
                    for one in node.args:
                        if isinstance(one, ast.Constant):
                            yield str(one.value)


def test_every_fact_of_a_template_is_known_and_every_one_is_used() -> None:
    pages = [one.read_text() for one in Path(settings.BASE_DIR, "templates").rglob("*.*")]
    used = {name for page in pages for name in re.findall(r'"(\w+)"\|fact\b', page)}
    assert used == FACTS.keys()


def test_a_template_says_the_number() -> None:
    template = engines["django"].from_string('{{ "working_days"|fact }}')
    assert template.render() == str(FACTS["working_days"])


def test_an_unknown_fact_is_an_error() -> None:
    with pytest.raises(KeyError):
        engines["django"].from_string('{{ "unknown"|fact }}').render()


def test_a_sentence_is_filled_in_the_language_of_its_reader() -> None:
    assert str(filled("At most %(limit)s MB.", limit=10)) == "At most 10 MB."

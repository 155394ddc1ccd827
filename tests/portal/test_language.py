"""Dates as each language writes them, links to the same page in another."""

import datetime
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import formats, timezone, translation

from certportal.foundation import agency
from certportal.foundation.templatetags.portal import in_language
from tests.packaging.files import DOCKERFILE, ROOT

MOMENT = datetime.datetime(2026, 12, 5, 7, 5, tzinfo=datetime.UTC)
WORDED = [
    ("fi", "5.12.2026", "5.12.2026 klo 9.05"),
    ("sv", "5.12.2026", "5.12.2026 kl. 9.05"),
    ("en", "5 December 2026", "5 December 2026 at 9:05"),
]


@pytest.mark.parametrize(("language", "day", "moment"), WORDED)
def test_day_and_time(language: str, day: str, moment: str) -> None:
    """Helsinki's time, as each language writes it."""
    with translation.override(language), timezone.override("Europe/Helsinki"):
        local = timezone.localtime(MOMENT)
        assert formats.date_format(local, "DATE_FORMAT") == day
        assert formats.date_format(local, "DATETIME_FORMAT") == moment


@pytest.mark.parametrize(("language", "written"), [("fi", "1,5"), ("sv", "1,5"), ("en", "1.5")])
def test_decimals(language: str, written: str) -> None:
    """A comma in Finnish and Swedish."""
    with translation.override(language):
        assert formats.number_format(1.5) == written


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/fi/orders/?page=2", "/sv/orders/?page=2"),
        ("/fi/", "/sv/"),
        ("/healthz", "/sv/"),
        ("/", "/sv/"),
        ("//evil.example/fi/", "/sv/"),
        ("/fi//evil.example/", "/sv//evil.example/"),
    ],
)
def test_same_page_in_another_language(path: str, expected: str) -> None:
    """An address without a language leads to the start page, none to another site."""
    assert in_language(path, "sv") == expected


def test_menu_names_each_language_in_itself(rf: RequestFactory) -> None:
    """The current one is marked, each link says its language to screen readers."""
    template = Template("{% load portal %}{% language_links %}")
    with translation.override("sv"):
        drawn = template.render(Context({"request": rf.get("/sv/contact/")}))
    assert re.search(r'href="/fi/contact/"\s+lang="fi"\s+hreflang="fi"\s*>Suomi', drawn)
    assert re.search(r'lang="sv"\s+hreflang="sv"\s+aria-current="true"\s*>Svenska', drawn)


def texts_in(table: dict[str, Any]) -> Iterator[dict[str, str]]:
    for value in table.values():
        if isinstance(value, dict):
            yield from [value] if "fi" in value else texts_in(value)


def test_every_language_is_where_no_catalogue_is() -> None:
    """Dates, the agency's texts, the proxy's own pages, and what the image keeps of packages."""
    codes = [code for code, _name in settings.LANGUAGES]
    pages = [*(ROOT / "certportal/operations/proxy/pages").glob("*.html")]
    assert pages
    for code in codes:
        assert (ROOT / f"certportal/formats/{code}/formats.py").is_file(), code
        assert [page.name for page in pages if f'lang="{code}"' not in page.read_text()] == []
        assert f"*/locale/{code}/*" in DOCKERFILE, code
    texts = [*texts_in(tomllib.loads(agency.SOURCE.read_text()))]
    assert len(texts) > 4
    assert [each for each in texts if each.keys() != {*codes}] == []

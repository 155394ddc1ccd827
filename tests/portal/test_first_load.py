"""A first visit transfers little: the page, and all that it and its style sheets ask for."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Person
from certportal.dev.builders import orders, people

MOST = 60_000
"""Bytes of a first load, with nothing in the browser's cache."""
ROWS = 25
"""Cases on a page of the queue."""
BROWSER = {"Accept-Encoding": "gzip, deflate, br", "Sec-Fetch-Site": "none"}
"""Headers of a browser in which somebody opens a bookmark."""
ASKED = re.compile(r"""(?:src|href)=["']?(/static/[^"'#> ]+)""")
OF_A_STYLE = re.compile(r"""url\(["']?([^"'#)]+)""")

type Loaded = Callable[[Client, str], dict[str, int]]


@pytest.fixture
def loaded(settings: Any, tmp_path: Path) -> Loaded:
    """Return what a page's first load transfers: the bytes of each address.

    Static files are collected as for production, and counted as nginx sends them: by its
    `gzip_static` a file that WhiteNoise made smaller, else the file.
    """
    collected = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": collected}}
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", interactive=False, verbosity=0)

    def read(client: Client, path: str) -> dict[str, int]:
        page = client.get(path, headers=BROWSER)
        assert page.status_code == 200
        assert page["Content-Encoding"] == "gzip"
        files = set(ASKED.findall(gzip.decompress(page.content).decode()))
        for style in {file for file in files if file.endswith(".css")}:
            text = _at(tmp_path, style).read_text()
            files |= {str(Path(style).parent / named) for named in OF_A_STYLE.findall(text)}
        return {path: len(page.content)} | {file: _sent(tmp_path, file) for file in files}

    return read


def _at(root: Path, address: str) -> Path:
    return root / address.removeprefix("/static/")


def _sent(root: Path, address: str) -> int:
    file = _at(root, address)
    packed = file.with_name(f"{file.name}.gz")
    return (packed if packed.exists() else file).stat().st_size


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_start_page_is_small(loaded: Loaded, language: str) -> None:
    """Everything that a visitor's browser asks for."""
    parts = loaded(Client(), f"/{language}/")
    assert {Path(part).suffix for part in parts} >= {".css", ".js", ".svg", ".woff2"}
    assert sum(parts.values()) <= MOST, parts


def test_full_page_of_the_queue_is_small(
    loaded: Loaded, matti: Person, riitta: Person, cas: object
) -> None:
    cases = [orders.in_review(matti) for _ in range(ROWS + 1)]
    page = reverse("console:queue")
    client = people.log_in(Client(), riitta)
    parts = loaded(client, page)
    text = client.get(page).content.decode()
    assert sum(case.number in text for case in cases) == ROWS
    assert any(Path(part).name.startswith("console.") for part in parts)
    assert sum(parts.values()) <= MOST, parts

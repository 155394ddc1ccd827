"""What our scripts leave in a browser, and what they make of what comes from outside."""

import re
from pathlib import Path

import pytest

from tests.gallery.conftest import (
    _browser_beside_database as _browser_beside_database,
    browser_type_launch_args as browser_type_launch_args,
    watched as watched,
)

SCRIPTS = sorted((Path(__file__).parents[2] / "static" / "portal").glob("*.js"))
KEPT = """async () => [
    localStorage.length, sessionStorage.length, document.cookie.length,
    (await indexedDB.databases()).length, (await caches.keys()).length,
    (await navigator.serviceWorker.getRegistrations()).length,
]"""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_names_a_storage_of_the_browser(script):
    stores = r"localStorage|sessionStorage|indexedDB|caches\b|cookie|serviceWorker|\.storage\b"
    assert re.findall(stores, script.read_text()) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_writes_under_a_name_that_is_computed(script):
    """Such as `kept[name] = …`, through which a name from outside reaches a prototype."""
    text = script.read_text()
    assert re.findall(r"\w\[[^\]'\"\d][^\]]*\]\s*=(?!=)", text) == []
    assert re.findall(r"Object\.(?:assign|setPrototypeOf|defineProperty)|__proto__", text) == []
    assert re.findall(r"for\s*\((?:const|let|var)\s+\w+\s+in\b", text) == []


@pytest.mark.django_db(transaction=True)
def test_pages_leave_nothing_in_the_browser(watched, server, sample):
    """The pages that do most with scripts: suggestions, upload, parts put in by htmx."""
    for page in ("/fi/", "/fi/register/?q=apteekki", "/fi/csr/"):
        watched.goto(server + page)
        watched.wait_for_load_state("networkidle")
    assert watched.evaluate(KEPT) == [0, 0, 0, 0, 0, 0]

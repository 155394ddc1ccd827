"""A run of the browser tests keeps each page once and fails for what is wrong with its HTML."""

from types import SimpleNamespace

import pytest
from django.core.handlers.base import BaseHandler
from django.http import HttpResponse
from django.test import RequestFactory

from tests.nu.checker import told
from tests.nu.pages import Pages, keep

PAGE = '<html><input value="{}"><p>{}</p></html>'
ORDER = "/fi/orders/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f/csr/"


def test_a_page_is_kept_once_in_each_state_and_a_part_of_a_page_is_not(tmp_path):
    for token, words in (("x" * 64, "14.30"), ("y" * 64, "14.31"), ("x" * 64, "Virhe")):
        keep(tmp_path, ORDER, HttpResponse(PAGE.format(token, words)))
    keep(tmp_path, "/fi/options/", HttpResponse("<li>Apteekki</li>"))
    keep(tmp_path, "/fi/list.csv", HttpResponse("<html>", content_type="text/csv"))
    kept = sorted(tmp_path.iterdir())
    assert [one.name.rpartition("-")[0] for one in kept] == ["fi_orders_csr"] * 2
    assert {"14.30" in one.read_text() for one in kept} == {True, False}


@pytest.mark.parametrize("found", [[], ["No title"]])
def test_a_finding_in_what_was_answered_fails_the_run(tmp_path, monkeypatch, found):
    monkeypatch.setattr(BaseHandler, "get_response", lambda *_given: HttpResponse("<html>"))
    read = []
    plugin = Pages(
        tmp_path / "html", lambda folder: read.extend(folder.iterdir()) or found, judges=True
    )
    BaseHandler().get_response(RequestFactory().get("/fi/orders/"))
    session = SimpleNamespace(exitstatus=pytest.ExitCode.OK)
    plugin.pytest_sessionfinish(session)
    assert len(read) == 1
    expected = pytest.ExitCode.TESTS_FAILED if found else pytest.ExitCode.OK
    assert session.exitstatus == expected


def test_a_run_that_kept_no_page_fails(tmp_path):
    plugin = Pages(tmp_path / "html", lambda _folder: [], judges=True)
    session = SimpleNamespace(exitstatus=pytest.ExitCode.OK)
    plugin.pytest_sessionfinish(session)
    assert session.exitstatus == pytest.ExitCode.TESTS_FAILED


def test_what_many_pages_have_is_told_once_with_some_of_them():
    many = [
        {"message": "No title", "extract": "<p>\n x", "url": f"file:/{n}.html"} for n in "abcde"
    ]
    assert told(many) == ["No title: <p> x (a, b, c and 2 more)"]


def test_the_roles_of_a_stacked_table_alone_are_accepted():
    said = "The “{}” role is unnecessary for element “{}”."
    roles = [{"message": said.format(*pair)} for pair in (("row", "tr"), ("list", "ul"))]
    assert len(told(roles)) == 1

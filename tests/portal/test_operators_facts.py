"""What the operator's file says is shown where it is needed; what it leaves out is not."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from applications.documents import paper_text
from applications.rules import declarations
from certportal.dev.builders import bulk, mails, orders
from certportal.foundation import agency, clock
from certportal.foundation.system_checks import operators_facts_can_be_read
from tests.packaging.files import ROOT

ON_CALL, TEL = "+358 295 536 001", "tel:+358295536001"


@pytest.fixture
def told(monkeypatch):
    """The example that the operator is given."""
    monkeypatch.setenv("AGENCY_FILE", str(ROOT / "deploy/agency.example.toml"))
    agency.facts.cache_clear()
    yield
    agency.facts.cache_clear()


def old():
    """Return a moment at which the orders made now are old drafts."""
    return clock.now() + timedelta(days=340)


def check(web, order) -> str:
    return web.get(reverse("applications:check", args=[order.pk])).text


@pytest.mark.django_db
def test_the_on_call_number_is_on_every_page_and_in_the_mails(told, matti):
    for path in ("/fi/", "/fi/contact/", "/fi/nowhere/"):
        assert TEL in Client().get(path).text, path
    body = mails.about_order("draft_warning", orders.draft(matti), "applicant", now=old()).text
    assert f"sulkemista varten: {ON_CALL}" in body
    assert "/fi/contact/#revoke" in body


def test_hours_are_told_in_the_pages_language(told):
    for code, hours in [("fi", "ma–pe klo 8–16"), ("sv", "mån–fre kl. 8–16")]:
        assert hours in Client().get(f"/{code}/contact/").text


@pytest.mark.django_db
def test_without_the_file_none_of_it_shows(web, matti):
    page = Client().get("/fi/contact/").text
    assert "Vastaamme" not in page
    assert "puhelinvaihteeseen" in page
    assert "tel:+358295536001" not in page
    order = orders.with_csr(matti)
    page = check(web, order).casefold()
    assert "toimitusehdo" not in page
    assert "hinta" not in page
    assert "binding" in declarations.asked(order)
    body = mails.about_order("draft_warning", order, "applicant", now=old()).text
    assert "/fi/contact/#revoke" in body
    assert "vain sulkemista varten" not in body


@pytest.mark.django_db
def test_what_is_published_is_linked_where_the_order_binds_and_named_on_the_receipt(
    told, web, matti
):
    order = orders.with_csr(matti)
    page = check(web, order)
    assert 'href="https://www.example.fi/toimitusehdot.pdf"' in page
    assert "Varmenteen hinta:" in page
    assert "versio 2026-2, 1.12.2026" in page
    assert "Hyväksyn toimitusehdot" in page
    asked = declarations.asked(order)
    assert ("terms" in asked, "binding" in asked) == (True, False)
    orders.submit(matti, order, declarations=asked)
    order.refresh_from_db()
    sent = json.loads(order.submission.content)
    assert sent["terms_of_delivery"]["version"] == "3.1"
    receipt = paper_text.receipt(order.submission)
    assert "versio 3.1, 1.6.2026, https://www.example.fi/toimitusehdot.pdf" in receipt
    assert "https://www.example.fi/hinnasto" in receipt
    agency.facts.cache_clear()  # another version is published later: the receipt stays as it was
    assert paper_text.receipt(order.submission) == receipt


@pytest.mark.django_db
def test_it_is_linked_where_many_orders_are_sent_by_one_act(told, web, matti):
    together = bulk.begun(matti, "a.example.fi", "b.example.fi")
    page = web.get(reverse("applications:check_together", args=[together.pk])).text
    assert 'href="https://www.example.fi/toimitusehdot.pdf"' in page
    assert "Hyväksyn toimitusehdot" in page


@pytest.mark.django_db
def test_terms_that_came_since_the_page_was_opened_are_shown_before_they_are_accepted(
    told, web, matti, monkeypatch, tmp_path
):
    order = orders.with_csr(matti)
    order.refresh_from_db()
    place = reverse("applications:check", args=[order.pk])
    opened = web.get(place).context["form"]["edition"].value()
    newer = tmp_path / "agency.toml"
    example = (ROOT / "deploy/agency.example.toml").read_text()
    newer.write_text(example.replace('"3.1"', '"3.2"'))
    monkeypatch.setenv("AGENCY_FILE", str(newer))
    agency.facts.cache_clear()
    given = dict.fromkeys(declarations.asked(order), "on") | {"version": order.version}
    refused = web.post(place, given | {"edition": opened})
    assert refused.status_code == 409
    assert "versio 3.2" in refused.text
    assert "toimitusehdot ovat muuttuneet" in refused.text
    order.refresh_from_db()
    assert order.submission is None
    again = {"edition": refused.context["form"]["edition"].value(), "version": order.version}
    assert web.post(place, given | again).status_code == 302
    order.refresh_from_db()
    assert json.loads(order.submission.content)["terms_of_delivery"]["version"] == "3.2"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[contact", "it cannot be read"),
        ("[kontakti]\nhours = 'ma'", "unknown table [kontakti]"),
        ("[contact]\nhours = { fi = 'ma–pe' }", "[contact] hours lacks en, sv"),
        ("[terms_of_delivery]\nversion = '1'", "[terms_of_delivery] lacks day, url"),
        (
            "[terms_of_delivery]\nversion = '1'\nday = 2026-01-01\nurl = 'http://example.fi'",
            "[terms_of_delivery] url must begin with https://",
        ),
        (
            "[price_list]\nversion = '1'\nday = '1.1.2026'\nurl = 'https://example.fi'",
            "[price_list] day must be a day",
        ),
        (
            "[price_list]\nversion = '1'\nday = 2026-12-01T00:00:00\nurl = 'https://example.fi'",
            "[price_list] day must be a day",
        ),
        (
            "[price_list]\nversion = '1'\nday = 2026-12-01\n[price_list.url]\nsv = 'https://e.fi'",
            "[price_list] url lacks en, fi",
        ),
        ("terms_of_delivery = 'https://example.fi'", "terms_of_delivery must be a table"),
        ("contact = 'puhelin'", "contact must be a table"),
        ("[contact]\nhours = 8", "[contact] hours must be a text"),
        (
            "[contact]\nhours = { fi = 'ma–pe', sv = '<b>mån–fre</b>', en = 'Mon–Fri' }",
            "[contact] hours has markup, <b>: pages and mails show each text as it is written",
        ),
        ("[contact]\non_call = '040&nbsp;123'", "[contact] on_call has markup, &nbsp;"),
        (
            "[price_list]\nversion = '<!-- 1 -->'\nday = 2026-12-01\nurl = 'https://example.fi'",
            "[price_list] version has markup, <!-- 1 -->",
        ),
    ],
)
def test_a_fault_in_the_file_is_told_before_the_service_starts(tmp_path, monkeypatch, text, fault):
    file = tmp_path / "agency.toml"
    file.write_text(text)
    monkeypatch.setenv("AGENCY_FILE", str(file))
    (error,) = operators_facts_can_be_read()
    assert fault in error.msg
    assert "AGENCY_FILE" in error.msg


def test_what_only_looks_like_markup_is_plain_text(tmp_path, monkeypatch):
    file = tmp_path / "agency.toml"
    url = "https://example.fi/?a=1&amount=2"
    file.write_text(
        "[contact]\nhours = 'ma < pe > klo 8 & 16; R&D'\n"
        f"[price_list]\nversion = '<1'\nday = 2026-12-01\nurl = '{url}'"
    )
    monkeypatch.setenv("AGENCY_FILE", str(file))
    assert operators_facts_can_be_read() == []


def test_a_file_that_is_away_is_told_and_the_example_is_right(tmp_path, monkeypatch):
    monkeypatch.setenv("AGENCY_FILE", str(tmp_path / "away.toml"))
    assert len(operators_facts_can_be_read()) == 1
    monkeypatch.setenv("AGENCY_FILE", str(ROOT / "deploy/agency.example.toml"))
    assert operators_facts_can_be_read() == []

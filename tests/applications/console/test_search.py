"""The console's search, which finds orders, certificates, organisations, people and units."""

import re
from copy import copy
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.register.models import RegisterRecord
from applications.models import Csr
from applications.views.console import search
from applications.views.console.keys import sent_csrs
from certportal.dev.builders import orders
from issuance.models import Certificate
from tests.applications.long_lists import certified
from tests.conftest import PHARMACY


@pytest.fixture
def order(matti, riitta, cas):
    """An order whose certificate has been delivered."""
    return orders.delivered(matti, riitta)


@pytest.fixture
def certificate(order):
    """Its certificate."""
    return Certificate.objects.get(reference=order.pk)


def test_the_search_leads_to_what_one_number_names(desk, order, certificate):
    places = {
        order.number: desk.url("case", order.pk),
        order.number.lower(): desk.url("case", order.pk),
        certificate.serial: desk.url("certificate", order.pk),
        str(int(certificate.serial, 16)): desk.url("certificate", order.pk),
        certificate.sha256: desk.url("certificate", order.pk),
        certificate.spki_sha256: desk.url("key", certificate.spki_sha256),
        PHARMACY: desk.url("account", order.organisation_id),
    }
    for typed, place in places.items():
        assert desk.open("search", q=typed).get("Location") == place, typed


def test_a_unit_without_orders_is_found_by_its_name_and_its_oid(desk, sample):
    unit = RegisterRecord.objects.filter(long_name="Ratinan Terveys Oy", known_to=None)[0]
    for typed in ("ratinan terv", unit.oid):
        page = desk.open("search", q=typed).text
        assert desk.url("record", unit.kind, unit.oid) in page, typed


def test_the_search_says_when_more_entries_fit_than_it_lists(desk, sample, monkeypatch):
    shown = desk.open("search", q="apteekki")
    assert "More than" not in shown.text
    monkeypatch.setattr(search, "MOST", len(shown.context["units"]) - 1)
    page = desk.open("search", q="apteekki").text
    assert f"More than {search.MOST} entries found; the first are shown." in page


def test_a_unit_s_entry_leads_to_the_account_of_its_organisation(desk, order):
    page = desk.open("record", "sote_unit", orders.UNIT).text
    assert desk.url("account", order.organisation_id) in page


def test_a_request_is_found_by_its_hash(desk, order):
    csr, first = order.csrs.get(), desk.url("case", order.pk)
    for typed in (csr.sha256, csr.sha256.upper()):
        assert desk.open("search", q=typed).get("Location") == first
    certified(order, 1)
    csr.application, csr.pk = order, None  # the copy
    csr.save(force_insert=True)
    both = desk.open("search", q=csr.sha256)
    assert both.get("Location") == desk.url("key", csr.spki_sha256)
    others = [copy(csr) for _ in range(300)]  # of a few, all indexes are as good
    for number, other in enumerate(others):
        other.pk, other.sha256 = uuid4(), f"{number:064x}"
    Csr.objects.bulk_create(others)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE applications_csr")
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "csr_sha256" in sent_csrs().filter(sha256=csr.sha256).explain()


def test_a_serial_number_is_looked_up_by_the_index_of_its_authority(desk, order, certificate):
    with CaptureQueriesContext(connection) as queries:
        desk.open("search", q=certificate.serial)
    asked = [one["sql"] for one in queries if '"serial" IN' in one["sql"]]
    assert asked
    assert all('"issuing_ca_id" IN' in sql for sql in asked)


def test_the_search_groups_what_several_things_have(desk, order, matti):
    page = desk.open("search", q="meikäläinen").text
    assert f"{order.called} · Delivered" in page
    assert desk.url("person", matti.pk) in page
    assert order.number in page
    page = desk.open("search", q="apteekki").text
    assert desk.url("account", order.organisation_id) in page
    assert "Nothing was found" in desk.open("search", q="ei tällaista").text
    assert desk.open("search").status_code == 200


def test_a_private_key_that_was_typed_into_the_search_is_not_shown_again(desk):
    page = desk.open("search", q="-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgE").text
    assert "This is a private key" in page
    assert "MIGHAgEAMBMG" not in page


def test_the_lists_search_as_many_characters_as_the_bar(desk, order):
    longest = int(re.search(r'name="q"\s+maxlength="(\d+)"', desk.open("queue").text)[1])
    for name, nothing in (("accounts", "No account fits"), ("people", "0 people")):
        assert nothing in desk.open(name, q="x" * longest).text


def test_drafts_are_not_found(desk, matti):
    draft = orders.draft(matti)
    assert draft.number not in desk.open("search", q="erecept").text
    assert desk.open("search", q=draft.number).status_code == 200

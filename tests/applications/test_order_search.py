"""Orders are found by whatever stands in them, in any writing; what was typed whole comes first."""

import pytest
from django.db import connection
from django.utils import translation

from applications import services
from applications.models import Application, SearchEntry
from applications.rules import order_search
from applications.rules.order_search import find
from certportal.dev.builders import orders
from certportal.dev.builders.register import change
from issuance.models import Certificate
from tests.applications.long_lists import copy
from tests.tables import unkept


def kinds(typed, order):
    """Return the kinds of what fits."""
    with translation.override("en"):
        found = order_search.matched(typed, order_search.entries([order])).get(order.pk, [])
        return {str(kind) for kind, _value in found}


def test_a_number_is_found_in_any_writing(order):
    certificate = Certificate.objects.get(reference=order.pk)
    serial, key = certificate.serial, certificate.spki_sha256
    spaced = " ".join(serial[at : at + 2] for at in range(0, len(serial), 2))
    for typed in (
        *[order.number, order.number.lower(), order.number.replace("-", " ")],
        *[order.number[3:], order.number[8:]],
        *["9900001-8", "99000018", "FI99000018", orders.UNIT, f"urn:oid:{orders.UNIT}"],
        *[serial, serial.lower(), spaced, spaced.replace(" ", ":"), str(int(serial, 16))],
        *[serial.lstrip("0"), key, key.upper(), key[:12], certificate.sha256],
    ):
        assert find(typed).orders == [str(order.pk)], typed
    assert find(serial).exact == [str(order.pk)]
    assert find(key[:12]).exact == []


def test_a_name_is_found_by_words_beginnings_and_the_ends_of_compounds(order, pharmacy):
    pharmacy.name = "Äyräjärven hammashoitola Oy"
    pharmacy.save(update_fields=["name"])
    for typed in (
        "äyrä",
        "AYRAJARVEN",
        "hammas äyrä",
        "hoitola",
        "oy hammashoitola",
        "Matti",
        "erecept",
    ):
        assert find(typed).orders == [str(order.pk)], typed
    for typed in ("mallisairaala", "hammas kuntoutus", "ammasx", "", " ", "-", "'", "a & b | !"):
        assert find(typed).orders == [], typed


def test_the_page_says_what_fits(order):
    assert kinds("varmuus", order) == {"Host name"}
    assert kinds("99000018", order) == {"Business ID", "OID"}
    assert kinds("tekniikka@example.fi", order) == {"Email address"}


def test_the_index_follows_what_changes(matti, cas):
    draft = orders.draft(matti)
    assert find("erecept.example.fi").orders == [str(draft.pk)]
    seen = orders.Handler(matti, draft).seen
    services.save_section(draft.pk, "host_names", {"host_names": ["kanta.example.fi"]}, **seen)
    assert find("erecept.example.fi").orders == []
    assert find("kanta.example.fi").orders == [str(draft.pk)]
    matti.family_name = "Uusinimi"
    matti.save(update_fields=["family_name"])
    assert find("uusinimi").orders == [str(draft.pk)]
    services.discard(draft.pk, **orders.Handler(matti, draft).seen)
    assert not SearchEntry.objects.exists()


def test_an_order_is_found_by_each_name_that_its_unit_has_had(order):
    former = order.submission.record.long_name
    change(orders.UNIT, long_name="Tervalammen apteekki")
    assert find("tervalam").orders == find(former).orders == [str(order.pk)]


def test_an_erased_order_is_not_found_by_its_persons(order):
    assert find("Meikäläinen").orders == [str(order.pk)]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    Application.objects.filter(pk=order.pk).update(erased_at=order.changed_at, contact_name="")
    assert find("Meikäläinen").orders == []
    assert find(order.number).orders == [str(order.pk)]


def test_a_search_looks_in_the_orders_that_it_is_given_and_in_no_others(order, matti, riitta):
    case = orders.claimed(matti, riitta)
    own = Application.objects.filter(organisation=order.organisation_id)
    others = Application.objects.exclude(organisation=order.organisation_id)
    for typed in ("erecept", order.number, orders.prepared(case).serial):
        assert find(typed, within=own).orders, typed
        assert find(typed, within=others).orders == [], typed


def test_none_that_fits_a_filter_is_left_out_for_others_that_do_not(order, monkeypatch):
    monkeypatch.setattr(order_search, "MOST_COUNTED", 3)
    copy(order, 10)
    last = Application.objects.order_by("pk").last()
    assert find("Matti", within=Application.objects.filter(pk=last.pk)).orders == [str(last.pk)]
    assert find("Matti", within=Application.objects.all()).is_more


def test_a_certificate_being_made_is_found_by_its_serial_number(matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    assert find(orders.prepared(case).serial).exact == [str(case.pk)]


def test_of_many_a_thousand_are_taken_and_the_exact_ones_first(matti, cas, monkeypatch):
    monkeypatch.setattr(order_search, "MOST_COUNTED", 10)
    order = orders.draft(matti)
    copy(order, 15)
    found = find("9900001-8 Matti")
    assert (len(found.orders), found.is_more) == (10, True)
    found = find(order.number)
    assert (found.exact, found.orders[0]) == ([str(order.pk)], str(order.pk))


@pytest.mark.parametrize(
    "text", ["Åbo Äö ÜÉ", "STRASSE ß", "Œuvre æ", "ŁØÐ x", "a\u00adb", "ÅNGSTRÖM"]
)
def test_the_database_folds_as_python_does(db, text):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT regexp_replace(applications_folded(%s), '[^[:alnum:]]+', '', 'g')", [text]
        )
        assert cursor.fetchone()[0] == order_search.compact(text)


def test_an_index_made_anew_is_the_same(order):
    with unkept():
        SearchEntry.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT applications_index_orders(ARRAY[%s])", [order.pk])
    assert find(order.number).orders == [str(order.pk)]


@pytest.mark.parametrize("typed", ["Matti", "mei", "Matti apteekki", "mat ekki"])
def test_a_frequent_word_finds_as_many_orders_as_are_wanted_each_once(
    order, kalle, monkeypatch, typed
):
    """They are among the first rows; if too few are, all are looked for in the index."""
    other = str(orders.begin(kalle).pk)
    copy(order, 40)
    assert len(set(find(typed).orders) - {other}) == len(find(typed).orders) == 41
    assert not find(typed).is_more
    monkeypatch.setattr(order_search, "MOST_COUNTED", 10)
    assert len(set(find(typed).orders) - {other}) == 10
    assert find(typed).is_more


@pytest.mark.parametrize("frequent", ["Matti", "vi meik", "mat apteek"])
def test_a_rare_word_beside_frequent_ones_finds_the_orders_that_have_all(
    order, matti, kalle, frequent
):
    """The frequent ones are compared in the rows of the rare one."""
    other = orders.begin(kalle)
    copy(orders.draft(matti), 60)
    for typed in (f"{frequent} {order.number}", f"{order.number} {frequent}"):
        assert find(typed).orders == [str(order.pk)], typed
    for typed in (f"{frequent} {other.number}", f"{frequent} olematon"):
        assert find(typed).orders == [], typed
    assert len(find(frequent).orders) > 60


def test_of_two_frequent_words_that_no_order_has_together_nothing_is_found(matti, kalle):
    for person in (matti, kalle):
        copy(orders.begin(person), 60)
    for typed in ("Matti Kalle", "koivu helsin"):
        assert find(typed).orders == [], typed

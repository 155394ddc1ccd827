"""An auditor reads everything in the console and changes nothing, at any address there is."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import access
from accounts.models import StaffRole
from accounts.services.rights import staff_roles
from accounts.services.rights.staff_roles import OtherRole, OwnRole
from applications.services import access_records
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from tests.isolation.addresses import address
from tests.isolation.table import TABLE, statuses_only

CONSOLE = [entry for entry in TABLE if entry.name.startswith("console:")]
# What looking leaves behind: the session itself, its record, counters and what was refused.
TRACES = {
    *["django_session", "accounts_signon", "foundation_tally"],
    *["foundation_event", "foundation_eventorigin"],
}
TEST = system("test")


@pytest.fixture
def case(matti):
    """A case that waits for somebody to take it."""
    return orders.in_review(matti)


def contents() -> dict[str, list[str]]:
    """Return the rows of every table but those of traces, as text."""
    rows = {}
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - TRACES:
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')
            rows[table] = [row[0] for row in cursor.fetchall()]
    return rows


def test_each_page_of_the_console_opens_to_an_auditor(order, case, anneli, riitta):
    auditor, reviewer = (people.log_in(Client(), one) for one in (anneli, riitta))
    others = {}
    for entry in CONSOLE:
        place = address(entry, case)
        seen, expected = auditor.get(place), reviewer.get(place)
        if seen.status_code != expected.status_code:
            others[entry.name] = (seen.status_code, expected.status_code)
    assert others == {}
    page = auditor.get(reverse("console:case", args=[case.pk])).content.decode()
    assert "auditoijana" in page
    assert reverse("console:claim", args=[case.pk]) not in page


def test_nothing_is_changed_by_an_auditor_at_any_address_of_the_console(order, case, anneli):
    client = people.log_in(Client(), anneli)
    places = [(entry.name, address(entry, one)) for one in (order, case) for entry in CONSOLE]
    before = contents()
    for _name, place in places:
        client.get(place)
    answers = {
        name: client.post(place, {"version": case.version}).status_code for name, place in places
    }
    assert {name: code for name, code in answers.items() if code != 403} == {}
    assert contents() == before


def test_each_page_of_a_case_that_an_auditor_opens_is_on_record(order, anneli, monkeypatch):
    monkeypatch.setattr(access_records, "REPEATED_WITHIN", timedelta())
    client, looks = people.log_in(Client(), anneli), Event.objects.filter(actor__endswith=anneli.pk)
    opened = []
    for entry in CONSOLE:
        if "application_id" not in entry.wants:
            continue
        before = looks.count()
        if client.get(address(entry, order)).status_code == 200:
            opened.append((entry.name, looks.count() > before))
    assert [name for name, is_recorded in opened if not is_recorded] == []
    assert {"console:case", "console:revocation_report", "console:decision"} <= {
        name for name, _is_recorded in opened
    }


def test_a_look_that_a_clock_dated_ahead_hides_no_later_one(order, anneli):
    page = reverse("console:case", args=[order.pk])
    looks = Event.objects.filter(actor__endswith=anneli.pk, object_id=str(order.pk))
    with pytest.MonkeyPatch.context() as ahead:
        later = clock.now() + timedelta(hours=5)
        ahead.setattr(clock, "now", lambda: later)
        people.log_in(Client(), anneli).get(page)
    before = looks.count()
    client = people.log_in(Client(), anneli)
    for _time in range(2):
        client.get(page)
    assert (before, looks.count() - before) == (1, 1)


def test_every_try_to_change_something_is_on_record(case, anneli):
    client = people.log_in(Client(), anneli)
    answer = client.post(reverse("console:claim", args=[case.pk]), {"version": case.version})
    assert answer.status_code == 403
    event = Event.objects.filter(refused=True, actor=f"person:{anneli.pk}").latest("pk")
    assert (event.action, event.object_id) == ("act.refused", "console:claim")


def test_an_auditor_proves_a_second_factor_first(anneli):
    client = Client()
    people.open_session(client, anneli.logins.get())
    assert "/second-factor/" in client.get(reverse("console:queue"))["Location"]


@statuses_only
def test_a_former_auditor_finds_nothing(order, anneli, now):
    staff_roles.end_auditor(anneli, actor=TEST, now=now)
    client = people.log_in(Client(), anneli)
    found = {entry.name: client.get(address(entry, order)).status_code for entry in CONSOLE}
    assert set(found.values()) == {404}


def test_granting_and_ending_the_role_are_events(anneli, now):
    given = Event.objects.get(action="staff_role.granted", object_id=str(anneli.pk))
    assert given.data["role"] == StaffRole.Kind.AUDITOR
    staff_roles.end_auditor(anneli, actor=TEST, now=now)
    ended = Event.objects.get(action="staff_role.ended", object_id=str(anneli.pk))
    assert ended.data["role"] == StaffRole.Kind.AUDITOR
    assert not access.is_auditor(anneli)


def test_nobody_reviews_and_audits_nor_gives_the_role_to_themselves(anneli, riitta, now):
    with pytest.raises(OtherRole):
        staff_roles.grant_auditor(riitta, by=None, actor=TEST, now=now)
    with pytest.raises(OtherRole):
        staff_roles.grant_reviewer(anneli, by=None, actor=TEST, now=now)
    staff_roles.end_auditor(anneli, actor=TEST, now=now)
    with pytest.raises(OwnRole):
        staff_roles.grant_auditor(anneli, by=anneli, actor=TEST, now=now)


def test_a_superuser_gives_the_role_in_the_settings(anneli, now):
    admin = people.make_superuser("Sanna Säätäjä", now=now)
    new = people.make_person("Aatos Arvioija", now=now)
    client = people.log_in(Client(), admin)
    place = reverse("staff:member", args=[new.pk])
    client.post(place, {"act": "grant_auditor"})
    assert access.is_auditor(new)
    client.post(place, {"act": "end_auditor"})
    assert not access.is_auditor(new)

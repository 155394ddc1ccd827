"""A person sees what is kept about them, takes it along, and sees nothing of others."""

import json

import pytest
from django.core.management import call_command

from accounts.access import actor_for
from accounts.services.organisations import membership
from certportal.dev.builders import people
from certportal.foundation import clock

pytestmark = pytest.mark.django_db
EXPORT = "/fi/account/me/export/"
RECORDED = "/fi/account/me/recorded/"


def test_one_s_own_acts_and_what_others_did_to_one_are_listed(client, matti, maija):
    own = maija.memberships.get()
    membership.change_role(own.pk, "technical", actor=actor_for(matti), now=clock.now())

    rows = people.log_in(client, maija).get(RECORDED).context["rows"]

    found = {(row["event"].action, row["own"]) for row in rows}
    assert ("person.identified", True) in found
    assert ("membership.role_changed", False) in found
    assert [row["event"].pk for row in rows] == sorted(
        (row["event"].pk for row in rows), reverse=True
    )


def test_nothing_of_others_is_listed_nor_their_addresses(client, matti, kalle):
    page = people.log_in(client, matti).get(RECORDED)
    assert str(kalle.pk) not in str([row["event"].__dict__ for row in page.context["rows"]])
    others = [row for row in page.context["rows"] if not row["own"]]
    assert [row["address"] for row in others] == [""] * len(others)


def test_the_export_holds_all_of_it_as_json(client, matti, pharmacy):
    answer = people.log_in(client, matti).get(EXPORT)

    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == 'attachment; filename="own-data.json"'
    assert "no-store" in answer["Cache-Control"]
    found = json.loads(answer.content)
    assert found["person"]["email"] == "matti@example.fi"
    assert [one["organisation"] for one in found["memberships"]] == [pharmacy.name]
    assert found["sessions"][0]["browser"] == "Firefox, Linux"
    assert "person.identified" in {one["action"] for one in found["events"]}
    digest = matti.identifiers.get().digest
    assert digest not in answer.content.decode()


def test_what_a_merged_record_did_is_the_person_s(client, matti, kalle):
    call_command("merge_persons", str(kalle.pk), str(matti.pk))
    found = json.loads(people.log_in(client, matti).get(EXPORT).content)
    assert f"person:{kalle.pk}" in {one["object"] for one in found["events"]}


def test_the_export_holds_what_has_ended_and_what_a_merged_record_had(client, matti, maija):
    people.begin_session(maija.logins.get())
    shown = matti.memberships.get()
    call_command("merge_persons", str(maija.pk), str(matti.pk))

    found = json.loads(people.log_in(client, matti).get(EXPORT).content)

    assert [one["ended_at"] is None for one in found["memberships"]] == [True, False]
    assert found["memberships"][0]["basis_note"] == shown.basis_note
    assert {one["ended_at"] is None for one in found["sessions"]} == {True, False}
    assert len(found["logins"]) == 2


@pytest.mark.parametrize("place", [EXPORT, RECORDED])
def test_visitors_are_led_to_identify(client, db, place):
    assert "/account/login/" in client.get(place).url

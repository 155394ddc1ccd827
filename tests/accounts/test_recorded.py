"""A person sees what is kept about them, takes it along, and sees nothing of others."""

import json

import pytest
from django.core.management import call_command

from accounts import own_records
from accounts.access import actor_for
from accounts.services.organisations import consents, invite, join, membership, oversight
from accounts.views import profile
from certportal.dev.builders import people
from certportal.dev.builders.acts import act
from certportal.foundation import clock, event_search
from certportal.foundation.models import Event
from tests.many_events import indexes_of, insert_many
from tests.suppliers import consent

pytestmark = pytest.mark.django_db
EXPORT = "/fi/account/me/export/"
RECORDED = "/fi/account/me/recorded/"


def test_one_s_own_acts_and_what_others_did_to_one_are_listed(client, matti, maija):
    own = maija.memberships.get()
    membership.change_role(own.pk, "technical", by=matti, actor=actor_for(matti), now=clock.now())

    rows = people.log_in(client, maija).get(RECORDED).context["rows"]

    found = {(row["event"].action, row["own"]) for row in rows}
    assert ("person.identified", True) in found
    assert ("membership.role_changed", False) in found
    assert [row["event"].pk for row in rows] == sorted(
        (row["event"].pk for row in rows), reverse=True
    )


def test_older_events_come_page_by_page_each_once(client, matti, monkeypatch):
    monkeypatch.setattr(profile, "PER_PAGE", 2)
    web, seen, query = people.log_in(client, matti), [], {}
    expected = list(own_records.events_about(matti).values_list("pk", flat=True))
    while True:
        page = web.get(RECORDED, query)
        seen += [row["event"].pk for row in page.context["rows"]]
        if page.context["older"] is None:
            break
        assert f"?before={seen[-1]}" in page.content.decode()
        query = {"before": seen[-1]}
    assert len(expected) > 4
    assert [number for number in seen if number in expected] == expected
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("before", ["x", "-1", "", "1" * 40, "٣"])
def test_a_place_that_is_none_is_the_beginning(client, matti, before):
    assert people.log_in(client, matti).get(RECORDED, {"before": before}).context["rows"]


def test_each_condition_is_met_by_an_index(matti, maija):
    """However many events of others there are, none of these is read."""
    insert_many()
    for condition in own_records._conditions(maija):
        found = Event.objects.filter(condition, pk__lt=10**9)
        used = indexes_of(event_search._numbers(found, 50))
        assert used <= {"event_actor", "foundation__object__67a7d6_idx"}


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


def test_of_a_merged_record_the_export_holds_what_was_asked_decided_and_invited(
    client, matti, pharmacy, riitta, now
):
    """Maija came by eIDAS, and was taken out of the account; now she has a Finnish code."""
    before = people.make_person("Maija Mallikas", now=now)
    act(before, join.ask, before, pharmacy.business_id)
    made = act(matti, invite.invite, pharmacy, before.email, role="applicant", language="fi")
    act(before, invite.accept, made.pk, made.token)
    key = before.memberships.get().pk
    act(riitta, oversight.end_membership, key, reasons="Ei edusta apteekkia.")
    maija = people.make_person("Maija Mallikas-Uusi", now=now)
    call_command("merge_persons", str(before.pk), str(maija.pk))

    found = json.loads(people.log_in(client, maija).get(EXPORT).content)

    assert found["decisions_about_memberships"][0]["reasons"] == "Ei edusta apteekkia."
    assert len(found["requests_to_join"]) == 1
    assert found["invitations_accepted"][0]["email"] == before.email
    assert len(found["person"]["recognised_by"]) == 2
    actions = {one["action"] for one in found["events"]}
    assert "membership.ended_by_authority" in actions


def test_the_export_holds_whom_one_invited_and_which_permissions_one_gave_and_ended(
    client, matti, kalle, pharmacy
):
    act(matti, invite.invite, pharmacy, "uuno@example.fi", role="applicant", language="fi")
    act(matti, consents.end, consent(matti, kalle).pk)

    found = json.loads(people.log_in(client, matti).get(EXPORT).content)

    assert [one["email"] for one in found["invitations_made"]] == ["uuno@example.fi"]
    for name in ("permissions_given_to_suppliers", "permissions_of_suppliers_ended"):
        assert len(found[name]) == 1


@pytest.mark.parametrize("place", [EXPORT, RECORDED])
def test_visitors_are_led_to_identify(client, db, place):
    assert "/account/login/" in client.get(place).url

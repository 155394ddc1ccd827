"""Approving by a touch of one's passkey, which signs what the page shows."""

import json
from datetime import datetime, timedelta

import pytest
from allauth.mfa.webauthn.internal.auth import WebAuthn
from fido2.utils import websafe_decode

from accounts import access
from accounts.services.people import merge, second_factor
from certportal.dev.builders import orders, people
from certportal.dev.builders.replacements import plan, run
from certportal.foundation import clock, events
from certportal.foundation.actors import system
from certportal.foundation.events import Subject
from certportal.foundation.models import Event
from issuance.approvers.proof import Proof
from issuance.event_names import IssuanceEvent
from issuance.models import Approval, PreparedCertificate
from issuance.services.issuing.to_sign import challenge
from tests.applications.console.passkeys import NO_ANSWERS, asked, second_factor_at
from tests.doubles.passkey import UP, Passkey

pytestmark = pytest.mark.usefixtures("_site")


def touch(desk, key, name, pk, **more):
    """Open the page, let the passkey sign what it asks, and send that."""
    page = desk.open(name, pk)
    form = page.context["form"]
    shown = {field: form[field].value() for field in form.fields}
    answer = key.answer(websafe_decode(asked(page)["challenge"]), **more)
    return desk.client.post(desk.url(name, pk), shown | {"credential": json.dumps(answer)})


def test_the_page_asks_one_s_own_passkeys_to_verify_their_holder(ready, desk, key, other_key):
    said = asked(desk.open("approve", ready.pk))
    assert said["userVerification"] == "required"
    assert said["rpId"] == "testserver"
    assert [websafe_decode(one["id"]) for one in said["allowCredentials"]] == [key.name]


def test_one_touch_approves_and_confirms_who_it_is(ready, desk, key):
    before = clock.now()

    assert touch(desk, key, "approve", ready.pk).status_code == 302

    approval = Approval.objects.get()
    wanted = asked_for(ready)
    assert Proof.parse(approval.assertion).assertion.challenge == wanted
    assert approval.reauthenticated_at >= before
    assert access.SECOND_FACTOR in desk.client.session
    proven = Event.objects.filter(action="second_factor.proven", object_type="login").latest("pk")
    assert (proven.refused, proven.data["kind"]) == (False, "webauthn")
    assert second_factor.factors(desk.person.logins.get()).get(type="webauthn").last_used_at
    orders.drain()
    ready.refresh_from_db()
    assert ready.status == "delivered"


def asked_for(case):
    """Return the challenge of the case's attempt, for one person and no end."""
    return challenge(PreparedCertificate.objects.filter(reference=case.pk).latest("attempt"))


def test_the_touch_is_a_proof_for_what_follows(ready, desk, key):
    touch(desk, key, "approve", ready.pk)
    proven = desk.client.session[access.SECOND_FACTOR]
    assert clock.now() - type(clock.now()).fromisoformat(proven) < access.SECOND_FACTOR_LASTS


def test_an_answer_sent_again_is_no_touch(ready, desk, key, settings):
    """Whoever has the session and a copy of the answer has not touched the passkey."""
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 2}
    page = desk.open("approve", ready.pk)
    form = page.context["form"]
    shown = {field: form[field].value() for field in form.fields}
    said = json.dumps(key.answer(websafe_decode(asked(page)["challenge"])))
    assert desk.press("approve", ready, credential=said, **shown).status_code == 302
    assert Approval.objects.count() == 1
    desk.confirm(clock.now() - timedelta(hours=1))
    before = second_factor_at(desk)

    again = desk.press("approve", ready, credential=said, **shown | {"version": None})

    assert again.status_code == 403
    assert "have approved" in again.text
    assert Approval.objects.count() == 1
    assert second_factor_at(desk) == before


def test_a_passkey_whose_counter_goes_back_approves_nothing(ready, desk, key):
    key.counter = 7
    second_factor_row = second_factor.factors(desk.person.logins.get()).get(type="webauthn")
    second_factor_row.data["counter"] = 9
    second_factor_row.save()

    answer = touch(desk, key, "approve", ready.pk)

    assert answer.status_code == 400
    assert "there may be a copy of it" in answer.text
    assert not Approval.objects.exists()
    refused = Event.objects.get(action="second_factor.proven", refused=True)
    assert refused.data["reason"] == "CounterWentBack"


def test_an_answer_of_a_counting_passkey_sent_again_leads_to_what_it_decided(ready, desk, key):
    """As when the page is sent once more because the network did not bring the first reply."""
    key.counter = 7
    page = desk.open("approve", ready.pk)
    form = page.context["form"]
    shown = {field: form[field].value() for field in form.fields}
    said = json.dumps(key.answer(websafe_decode(asked(page)["challenge"])))
    assert desk.press("approve", ready, credential=said, **shown).status_code == 302

    again = desk.press("approve", ready, credential=said, **shown | {"version": None})

    assert (again.status_code, "has arrived before" in again.text) == (409, True)
    assert "See the case as it is now" in again.text
    assert Approval.objects.count() == 1


def test_a_plan_s_answer_sent_again_is_no_touch(matti, riitta, cas, desk, key):
    orders.delivered(matti, riitta)
    made = plan()
    page = desk.open("replacement", made.pk)
    shown = {"digest": page.context["form"]["digest"].value()}
    shown["credential"] = json.dumps(key.answer(websafe_decode(asked(page)["challenge"])))
    assert desk.client.post(desk.url("replacement", made.pk), shown).status_code == 302
    given = Approval.objects.count()
    desk.confirm(clock.now() - timedelta(hours=1))
    before = second_factor_at(desk)

    assert desk.client.post(desk.url("replacement", made.pk), shown).status_code == 302

    assert Approval.objects.count() == given
    assert second_factor_at(desk) == before


def test_an_approval_that_was_refused_is_no_touch(ready, desk, key):
    before = second_factor_at(desk)
    page = desk.open("approve", ready.pk)
    form = page.context["form"]
    shown = {field: form[field].value() for field in form.fields} | {"version": 0}
    said = json.dumps(key.answer(websafe_decode(asked(page)["challenge"])))
    answer = desk.client.post(desk.url("approve", ready.pk), shown | {"credential": said})
    assert answer.status_code == 409
    assert second_factor_at(desk) == before


def test_another_s_passkey_approves_nothing_and_one_can_try_again(ready, desk, key):
    answer = touch(desk, Passkey(name=key.name), "approve", ready.pk)
    assert answer.status_code == 400
    assert "The passkey&#x27;s answer does not fit what you were shown." in answer.text
    assert not Approval.objects.exists()
    assert Event.objects.filter(action="second_factor.proven", refused=True).count() == 1

    assert touch(desk, key, "approve", ready.pk).status_code == 302


@pytest.mark.parametrize("told", [{"flags": UP}, {"origin": "https://other.example.fi"}])
def test_a_passkey_used_elsewhere_or_by_nobody_approves_nothing(ready, desk, key, told):
    assert touch(desk, key, "approve", ready.pk, **told).status_code == 400
    assert not Approval.objects.exists()


def test_what_was_signed_for_another_attempt_approves_nothing(ready, desk, key):
    page = desk.open("approve", ready.pk)
    form = page.context["form"]
    shown = {field: form[field].value() for field in form.fields}
    signed = json.dumps(key.answer(b"\0" * 32))
    answer = desk.client.post(desk.url("approve", ready.pk), shown | {"credential": signed})
    assert answer.status_code == 409
    assert not Approval.objects.exists()


@pytest.mark.parametrize("said", NO_ANSWERS)
def test_what_is_no_answer_is_refused_in_words(ready, desk, key, said):
    page = desk.open("approve", ready.pk)
    form = page.context["form"]
    shown = {field: form[field].value() for field in form.fields}
    answer = desk.client.post(desk.url("approve", ready.pk), shown | {"credential": said})
    assert answer.status_code == 400
    assert "Nothing was decided." in answer.text


def test_the_case_says_who_signed_with_a_passkey(ready, desk, other_desk, key, settings):
    settings.ISSUANCE_APPROVALS = {"production": 3, "test": 3}
    touch(desk, key, "approve", ready.pk)
    prepared = orders.prepared(ready)
    seen = {"prepared_id": prepared.pk, "tbs_sha256": prepared.tbs_sha256}
    other_desk.press("approve", ready, **seen)

    page = desk.open("case", ready.pk).text

    assert f"{desk.person}, signed with a passkey" in page
    assert f"{other_desk.person}, without a passkey" in page


def test_without_a_passkey_the_page_says_that_nothing_proves_the_approval(ready, desk):
    page = desk.open("approve", ready.pk).text
    assert "Approvals are not confirmed with a passkey here" in page
    assert 'name="by_code"' in page
    assert 'data-passkey="use"' not in page


@pytest.mark.usefixtures("_wanted")
def test_where_the_proof_is_wanted_a_code_does_not_approve(ready, desk):
    page = desk.open("approve", ready.pk)
    assert "You need a passkey for this, and you have none." in page.text
    assert "/account/second-factor/set-up/?next=" in page.text
    form = page.context["form"]
    shown = {field: form[field].value() for field in form.fields}
    assert desk.client.post(desk.url("approve", ready.pk), shown).status_code == 403
    assert not Approval.objects.exists()


def test_without_javascript_one_is_told_what_does_instead(ready, desk, key):
    without = desk.open("approve", ready.pk).text.partition("<noscript>")[2]
    assert "Here you can decide without one" in without
    assert "Confirm that it is you" in without


@pytest.mark.usefixtures("_wanted")
def test_where_the_proof_is_wanted_there_is_no_way_around_the_passkey(ready, desk, key):
    page = desk.open("approve", ready.pk).text
    assert 'data-passkey="use"' in page
    assert 'name="by_code"' not in page
    assert "Here you can decide without one" not in page
    assert "None of your passkeys is in the certificate authority" in page


@pytest.mark.usefixtures("_wanted")
def test_only_the_passkeys_that_count_are_asked(ready, desk, key):
    spare = Passkey(name=b"riitta's spare key")
    WebAuthn.add(desk.person.logins.get(), "", spare.registration(b"\0" * 32))
    told(IssuanceEvent.APPROVER_ENROLLED, key, 1, environments="test")
    told(IssuanceEvent.APPROVER_ENROLLED, spare, 2)
    page = desk.open("approve", ready.pk)
    assert [websafe_decode(one["id"]) for one in asked(page)["allowCredentials"]] == [spare.name]
    assert "None of your passkeys is in" not in page.text

    told(IssuanceEvent.APPROVER_ENDED, spare, 3)
    page = desk.open("approve", ready.pk)
    assert len(asked(page)["allowCredentials"]) == 2
    assert "None of your passkeys is in" in page.text

    told(IssuanceEvent.APPROVER_ENROLLED, spare, 4)
    told(IssuanceEvent.APPROVER_ENROLLED, key, 1)  # the register was begun anew
    page = desk.open("approve", ready.pk)
    assert [websafe_decode(one["id"]) for one in asked(page)["allowCredentials"]] == [key.name]


@pytest.mark.usefixtures("_wanted")
def test_of_a_merged_person_the_login_with_the_passkey_that_counts_is_asked(ready, desk, key):
    """Riitta has two records; the passkey in the register was made at the other one's login."""
    second = people.make_reviewer("Riitta Kolmas")
    counts = Passkey(name=b"riitta's key of the other login")
    WebAuthn.add(second.logins.get(), "", counts.registration(b"\0" * 32))
    merge.merge(second, into=desk.person, actor=system("test"), now=clock.now())
    people.log_in(desk.client, desk.person)
    desk.confirm(clock.now() - timedelta(hours=1))
    told(IssuanceEvent.APPROVER_ENROLLED, counts, 1)

    page = desk.open("approve", ready.pk)
    assert [websafe_decode(one["id"]) for one in asked(page)["allowCredentials"]] == [counts.name]
    assert "None of your passkeys is in" not in page.text
    assert touch(desk, counts, "approve", ready.pk).status_code == 302
    assert Approval.objects.get().person == desk.person


@pytest.mark.usefixtures("_wanted")
def test_an_approval_that_will_not_count_is_said_to_and_given_anew_after_another_preparation(
    ready, desk, key
):
    touch(desk, key, "approve", ready.pk)  # read out to nobody yet
    page = desk.open("case", ready.pk)
    assert "An approval does not count." in page.text
    told(IssuanceEvent.APPROVER_ENROLLED, key, 1)
    assert "An approval does not count." not in desk.open("case", ready.pk).text


@pytest.mark.usefixtures("_wanted")
def test_who_approved_with_a_passkey_that_does_not_count_approves_the_next_attempt(
    ready, desk, key, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 2}
    spare = Passkey(name=b"riitta's spare key")
    touch(desk, key, "approve", ready.pk)
    WebAuthn.add(desk.person.logins.get(), "", spare.registration(b"\0" * 32))
    told(IssuanceEvent.APPROVER_ENROLLED, spare, 1)
    assert "Give the case back and take it again" in desk.open("case", ready.pk).text
    desk.press("release", ready)
    ready.refresh_from_db()
    desk.press("claim", ready)
    orders.drain()
    ready.refresh_from_db()

    assert "An approval does not count." not in desk.open("case", ready.pk).text
    assert touch(desk, spare, "approve", ready.pk).status_code == 302
    first, second = Approval.objects.order_by("pk")
    assert (first.person, first.prepared.attempt) == (second.person, second.prepared.attempt - 1)


def told(name, passkey, number, environments="production test"):
    """Record what the ceremony tells of the register."""
    said = {"fingerprint": passkey.fingerprint, "environments": environments, "number": number}
    events.record(name, Subject("approvers", "register"), system("test"), clock.now(), **said)


def test_a_plan_is_approved_by_a_touch_of_each_that_proves_every_certificate(
    matti, riitta, cas, desk, other_desk, key, other_key
):
    for _each in range(3):
        orders.delivered(matti, riitta)
    made = plan()
    before = Approval.objects.latest("pk").pk

    assert touch(desk, key, "replacement", made.pk).status_code == 302
    assert touch(other_desk, other_key, "replacement", made.pk).status_code == 302

    given = Approval.objects.filter(pk__gt=before)
    assert given.count() == 2 * made.items.count()
    assert clock.now() - datetime.fromisoformat(second_factor_at(desk)) < access.SECOND_FACTOR_LASTS
    assert all(one.assertion["plan"]["size"] == made.items.count() for one in given)
    run(made)
    assert made.items.filter(state="issued").count() == made.items.count()

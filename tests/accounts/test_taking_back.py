"""Who asked to be invited, or to administer an account, can take that back."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import access
from accounts.access import actor_for
from accounts.models import AdministratorRequest, Invitation, JoinRequest
from accounts.services.organisations import administrator_requests, join, take_back as requests
from accounts.services.rights import documents
from certportal.dev.builders import mails, people
from certportal.dev.builders.documents import pdf, upload
from certportal.foundation.models import Event, OutboxItem

pytestmark = pytest.mark.django_db
CODE = "9900001-8"
PAGE = f"/en/account/organisation/found/{CODE}/"
TAKE_BACK = f"{PAGE}take-back/"
PAPER = documents.Paper(pdf("Valtakirja"), "valtakirja.pdf")


@pytest.fixture
def asked(maija, pharmacy, now):
    """Maija, an applicant, has asked to administer the account."""
    given = {"reason": "Matti on eläkkeellä.", "paper": PAPER, "actor": actor_for(maija)}
    return administrator_requests.ask(maija, pharmacy, **given, now=now)


def take_back(person, pharmacy, now):
    requests.take_back(person, pharmacy, actor=actor_for(person), now=now)


def test_a_request_to_be_invited_is_taken_back_after_a_question(client, pekka, matti, now):
    browser = people.log_in(client, pekka)
    assert TAKE_BACK in browser.get(PAGE).text
    assert "you asked to be invited" in browser.get(TAKE_BACK).text
    assert JoinRequest.objects.get().settled_at is None

    browser.post(TAKE_BACK)

    assert JoinRequest.objects.get().settled_at is not None
    assert Event.objects.get(action="join_request.taken_back").actor == f"person:{pekka.pk}"
    assert TAKE_BACK not in browser.get(PAGE).text
    people.log_in(client, matti)
    assert "Pekka" not in client.get("/en/account/members/").text


def test_the_page_that_asks_for_a_business_id_tells_of_open_requests(
    client, pekka, maija, pharmacy, asked, now
):
    found = "/en/account/organisation/found/"
    assert "to be invited to the account with the business ID 9900001-8" in (
        page := people.log_in(client, pekka).get(found).text
    )
    assert "to be made an administrator" not in page and PAGE in page
    assert "to be made an administrator of the account with the business ID 9900001-8" in (
        people.log_in(client, maija).get(found).text
    )
    for person in (pekka, maija):
        take_back(person, pharmacy, now)
        assert "open request" not in people.log_in(client, person).get(found).text


@pytest.mark.parametrize("is_form_open", [False, True])
def test_nobody_is_invited_by_the_link_of_a_request_that_was_taken_back(
    client, pekka, matti, pharmacy, now, is_form_open
):
    """The link stands in a mail to the administrators, who may have the form before them."""
    people.log_in(client, matti)
    link = reverse("accounts:invite_for", args=[JoinRequest.objects.get().pk])
    form = {"email": pekka.email, "role": "applicant", "language": "fi"}
    take_back(pekka, pharmacy, now)

    answer = client.post(link, form, follow=True) if is_form_open else client.get(link, follow=True)

    assert answer.redirect_chain[-1][0] == reverse("accounts:members")
    assert "ei ole enää avoin" in answer.text
    assert not Invitation.objects.exists()


def test_it_can_be_asked_again(pekka, pharmacy, now):
    take_back(pekka, pharmacy, now)
    assert join.ask(pekka, CODE, actor=actor_for(pekka), now=now).settled_at is None


def test_asking_again_within_a_day_mails_nobody_again(pekka, pharmacy, now):
    mails_before = OutboxItem.objects.filter(payload__kind="join_request").count()
    assert mails_before
    for _ in range(3):
        take_back(pekka, pharmacy, now)
        again = join.ask(pekka, CODE, actor=actor_for(pekka), now=now + timedelta(hours=23))
    assert OutboxItem.objects.filter(payload__kind="join_request").count() == mails_before

    join.ask(pekka, CODE, actor=actor_for(pekka), now=again.asked_at + join.AGAIN_AFTER)
    assert OutboxItem.objects.filter(payload__kind="join_request").count() == 2 * mails_before


def test_who_took_a_request_to_administer_back_asks_again_on_another_day(
    asked, maija, pharmacy, now
):
    """Each one mails the administrators twice; untold they would not know of a request."""
    take_back(maija, pharmacy, now)
    given = {"reason": "Sittenkin.", "paper": PAPER, "actor": actor_for(maija)}
    with pytest.raises(administrator_requests.AskedLately):
        administrator_requests.ask(maija, pharmacy, **given, now=now + timedelta(hours=23))

    again = administrator_requests.ask(maija, pharmacy, **given, now=now + timedelta(hours=24))
    assert again.pk != asked.pk and again.decided_at is None


def test_the_page_tells_from_when_one_may_ask_again_and_a_refusal_keeps_what_was_written(
    client, asked, maija, pharmacy, now
):
    take_back(maija, pharmacy, now)
    browser, page = people.log_in(client, maija), f"{PAGE}administrator/"
    shown = browser.get(page).text
    assert "You can ask again from" in shown
    assert 'name="reason"' not in shown
    answer = browser.post(page, {"reason": "Sittenkin näin.", "document": upload(pdf())})
    assert answer.status_code == 200
    assert "Sittenkin näin." in answer.text
    assert "Ask again when 24 hours have passed" in answer.text
    assert AdministratorRequest.objects.get() == asked


def test_a_request_to_administer_is_taken_back_and_the_administrators_are_told(
    client, asked, maija, matti, now
):
    browser = people.log_in(client, maija)
    browser.post(TAKE_BACK)

    asked.refresh_from_db()
    assert asked.is_taken_back and not asked.granted
    assert Event.objects.get(action="administrator_request.taken_back").data["person"]
    assert "You took your request back" in browser.get(f"{PAGE}administrator/").text
    item = OutboxItem.objects.get(payload__kind="administrator_decided")
    assert item.payload["to"] == str(matti.pk)
    told = mails.written(item)
    assert "perunut" in told.text and "Perustelut" not in told.text


def test_the_reviewer_sees_that_it_was_taken_back_and_decides_nothing(
    client, asked, maija, pharmacy, riitta, now
):
    take_back(maija, pharmacy, now)
    with pytest.raises(administrator_requests.DecidedAlready):
        administrator_requests.decide(
            asked.pk, grant=True, reasons="x", by=riitta, actor=actor_for(riitta), now=now
        )
    people.log_in(client, riitta)
    for page in ("/en/console/administrators/", f"/en/console/administrators/{asked.pk}/"):
        text = client.get(page).text
        assert "Taken back" in text and "Refused" not in text


@pytest.mark.parametrize("act", ["decide", "take back"])
def test_deciding_and_taking_back_lock_the_account_before_the_request(
    asked, maija, pharmacy, riitta, now, act
):
    """One that held the request and waited for the account would meet the other in a deadlock."""
    with CaptureQueriesContext(connection) as queries:
        if act == "decide":
            administrator_requests.decide(
                asked.pk, grant=True, reasons="x", by=riitta, actor=actor_for(riitta), now=now
            )
        else:
            take_back(maija, pharmacy, now)
    locking = [one["sql"] for one in queries if " UPDATE" in one["sql"]]
    assert 'FROM "accounts_organisation"' in locking[0]
    assert any('FROM "accounts_administratorrequest"' in sql for sql in locking[1:])


def test_what_was_decided_is_not_taken_back(asked, maija, pharmacy, riitta, now):
    administrator_requests.decide(
        asked.pk, grant=False, reasons="x", by=riitta, actor=actor_for(riitta), now=now
    )
    with pytest.raises(requests.NothingOpen):
        take_back(maija, pharmacy, now)
    assert not AdministratorRequest.objects.get().is_taken_back


def test_who_asked_stays_tied_to_the_organisation(pharmacy, riitta, now):
    """Else a reviewer could ask, see, take back, and decide on others' requests."""
    join.ask(riitta, CODE, actor=actor_for(riitta), now=now)
    take_back(riitta, pharmacy, now)
    assert access.is_partial(riitta, pharmacy.pk, now=now)


def test_nobody_takes_back_what_another_asked(client, pekka, kalle, now):
    browser = people.log_in(client, kalle)
    assert browser.get(TAKE_BACK).url == PAGE
    assert browser.post(TAKE_BACK).url == PAGE
    assert JoinRequest.objects.get().settled_at is None


def test_an_account_that_is_not_there_has_no_requests(client, kalle):
    nowhere = TAKE_BACK.replace(CODE, "9900015-2")
    assert people.log_in(client, kalle).post(nowhere).status_code == 302

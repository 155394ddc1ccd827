"""An email that did not arrive is found, sent again, sent to the right address, or given up."""

import re

import pytest
from django.core import mail as box
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import access
from accounts.models import Membership
from accounts.services.rights import staff_roles
from applications import services
from applications.mail import orders as order_mails
from applications.mail.order_matter import matter_of
from applications.views.console import undelivered
from applications.workflow import consequences
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.mail import mails
from certportal.foundation.mail.mails import Asked
from certportal.foundation.models import Event, OutboxItem
from certportal.foundation.outbox import set_aside
from certportal.operations import health
from issuance.services.errors import NotReviewer, OwnOrganisation
from tests.applications.console.conftest import Desk
from tests.applications.console.undelivered import refuse_mails


@pytest.fixture
def refused(matti, riitta, cas, monkeypatch):
    """The receipt of Matti's order, refused by the mail server, which is mended since."""
    orders.drain()
    with monkeypatch.context() as patch:
        refuse_mails(patch)
        orders.submitted(matti)
        orders.drain()
    return set_aside.items().get(payload__notice="receipt")


@pytest.fixture
def settle(desk, refused):
    """Post the choice for the refused mail."""

    def settle(act, **values):
        address = desk.url("undelivered_one", refused.pk)
        answer = desk.client.post(address, {"act": act, **values})
        refused.refresh_from_db()
        return answer

    return settle


def receivers():
    orders.drain()
    return [one.to for one in box.outbox if one.to]


def test_the_list_says_what_to_whom_and_why(refused, desk):
    assert not health.refused_mails()
    order = orders.Application.objects.get()
    page = desk.open("undelivered").text
    assert order.number in page
    assert "matti@example.fi" in page
    assert "refused the mail or its recipient for good" in page
    assert desk.count_in_bar("undelivered") == 1


def test_the_views_of_the_queue_lead_to_it_with_the_count_of_the_bar(refused, desk):
    with CaptureQueriesContext(connection) as queries:
        page = desk.open("queue").text
    views = page.partition('class="views"')[2].partition("</nav>")[0]
    told = dict(re.findall(r'href="([^"]*)"\s*>[^<]*<span class="count">(\d+)<', views))
    assert told[desk.url("undelivered")] == "1"
    assert told[desk.url("register")] == "0"
    assert sum('"applications_registertask"' in one["sql"] for one in queries) == 1


def test_however_many_there_are_the_list_opens(refused, desk, matti, monkeypatch):
    monkeypatch.setattr(undelivered, "PER_PAGE", 1)
    with monkeypatch.context() as patch:
        refuse_mails(patch)
        orders.submitted(matti)
        orders.drain()
    assert [one.item for one in desk.open("undelivered").context["rows"]] == [refused]
    (other,) = desk.open("undelivered", page=2).context["rows"]
    assert other.item != refused
    assert "page=2" in desk.open("undelivered").text


@pytest.mark.parametrize(("problem", "end"), [("Bounced 5.1.1", " (5.1.1)."), ("Bounced", ".")])
def test_of_a_mail_that_came_back_it_says_so(refused, desk, problem, end):
    OutboxItem.objects.filter(pk=refused.pk).update(problem=problem)
    assert f"did not deliver it: it came back{end}" in desk.open("undelivered").text


def test_an_empty_list_says_so(desk):
    assert "Every email has been sent" in desk.open("undelivered").text


def test_tried_again_it_goes_and_says_that_it_is_the_second_sending(refused, settle):
    assert settle("again").status_code == 302
    assert receivers() == [["matti@example.fi"]]
    assert box.outbox[0].extra_headers["Message-ID"] == f"<{refused.pk}.2@portal.example>"
    assert health.refused_mails()
    assert Event.objects.filter(action="work.taken_up", object_id=str(refused.pk)).exists()


def test_a_wrong_address_is_corrected_and_only_there(refused, settle, riitta):
    order = orders.Application.objects.get()
    signed = order.submission.content
    settle("correct", address="matti.oikea@example.fi")
    order.refresh_from_db()
    assert order.contact_email == "matti.oikea@example.fi"
    assert order.submission.content == signed
    assert receivers() == [["matti.oikea@example.fi"]]
    event = Event.objects.get(action="application.correct_address")
    assert event.actor == f"person:{riitta.pk}"
    assert "oikea" not in str(event.data)


def test_giving_up_needs_a_reason_and_ends_the_alarm(refused, settle):
    assert "Write why it is given up" in settle("give_up").text
    settle("give_up", reason="Kerrottu puhelimessa.")
    assert refused.problem == "Kerrottu puhelimessa."
    assert receivers() == []
    assert health.outbox()
    event = Event.objects.get(action="work.given_up")
    assert "puhelimessa" not in str(event.data)


@pytest.mark.parametrize("act", ["again", "give_up"])
def test_the_second_of_two_is_told_that_it_is_done(refused, settle, act):
    settle("again")
    assert settle(act, reason="Myöhässä.").status_code == 409


def test_a_persons_own_address_is_not_corrected_by_others(desk, matti, refused):
    OutboxItem.objects.filter(pk=refused.pk).update(
        payload=refused.payload | {"recipient": f"person:{matti.pk}"}
    )
    page = desk.open("undelivered_one", refused.pk)
    assert "address" not in page.context["form"].fields
    answer = desk.client.post(
        desk.url("undelivered_one", refused.pk), {"act": "correct", "address": "x@example.fi"}
    )
    assert answer.status_code == 200
    assert set_aside.items().filter(pk=refused.pk).exists()


def test_nor_does_somebody_whose_role_is_taken_meanwhile(refused, riitta, now):
    given = {"actor": access.actor_for(riitta), "now": now}
    staff_roles.end_reviewer(riitta, **given)
    with pytest.raises(NotReviewer):
        services.send_corrected(refused.pk, "x@example.fi", person=riitta, **given)
    with pytest.raises(NotReviewer):
        services.send_again(refused.pk, person=riitta, **given)
    with pytest.raises(NotReviewer):
        services.give_up(refused.pk, "Kerrottu puhelimessa.", person=riitta, **given)
    refused.refresh_from_db()
    assert refused.failed_at is not None
    assert refused.done_at is None


def test_nor_does_a_member_correct_for_their_own_organisation(refused, settle, riitta, now):
    Membership.objects.create(
        person=riitta,
        organisation=orders.Application.objects.get().organisation,
        role="applicant",
        basis="invitation",
        begun_at=now,
    )
    page = settle("correct", address="x@example.fi")
    assert "You belong to this organisation" in page.text
    assert 'value="correct"' not in page.text
    given = {"person": riitta, "actor": access.actor_for(riitta), "now": now}
    with pytest.raises(OwnOrganisation):
        services.send_corrected(refused.pk, "x@example.fi", **given)
    refused.refresh_from_db()
    assert refused.failed_at is not None


def test_other_work_that_tired_is_shown_by_its_kind(desk, refused):
    OutboxItem.objects.filter(pk=refused.pk).update(
        topic="certificate.approved", payload={"reference": "x"}, problem="KeyError", attempts=12
    )
    page = desk.open("undelivered").text
    assert "certificate.approved" in page
    assert "12 tries: KeyError" in page


def test_it_is_reviewers_business_alone(refused, matti, desk):
    for name in ("undelivered", "undelivered_one"):
        args = [refused.pk] if name.endswith("one") else []
        assert people.log_in(Client(), matti).get(desk.url(name, *args)).status_code == 404


def test_what_is_not_set_aside_is_not_there(desk, refused):
    set_aside.take_up(refused.pk, actor=system("test"), now=orders.clock.now())
    assert desk.open("undelivered_one", refused.pk).status_code == 404


def test_an_auditor_s_look_at_one_is_one_at_its_case(refused, now):
    auditor = Desk(people.make_auditor("Anneli Auditoija", now=now))
    assert auditor.open("undelivered_one", refused.pk).status_code == 200
    look = Event.objects.get(action="application.case_viewed")
    assert look.object_id == refused.payload["application"]


def test_the_list_names_each_mail_by_the_subject_that_it_was_sent_with(matti, riitta, cas):
    order = orders.delivered(matti, riitta)
    asked = Asked({"application": str(order.pk), "recipient": "applicant"}, clock.now())
    for notice in {*consequences.NOTICES} - {"information_wanted", "deadline_extended"}:
        mail, matter = order_mails.MAILS[notice], matter_of(order, asked)
        sent = mails.render(mail, matter, mail.to(matter, asked), asked)[0]
        assert order_mails.subject(notice, order, asked) == sent

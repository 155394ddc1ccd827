"""Somebody outside asks by phone, by mail or as a CERT that a certificate be revoked."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from accounts import access
from applications.models import RevocationProposal, RevocationReport
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.models import Event, OutboxItem
from issuance.models import Certificate
from tests.applications.console.reporting import CALLED, told
from tests.tables import rewrite


def test_an_exposed_key_is_revoked_at_once_by_one_person(desk, order, riitta):
    assert told(desk, order, "key_compromise").url == desk.url("case", order.pk)
    assert Certificate.objects.get().revocation_reason == "key_compromise"
    report = RevocationReport.objects.get()
    assert (report.person, report.channel, report.proposal) == (riitta, "phone", None)
    page = desk.open("case", order.pk).text
    assert "Soitin apteekin vaihteeseen." in page
    assert "Matti vastasi vaihteen kautta." in page


def test_anything_else_waits_for_a_second_person_who_reads_the_report(desk, other_desk, order):
    told(desk, order)
    assert Certificate.objects.get().state == "issued"
    proposal = RevocationProposal.objects.get()
    page = other_desk.open("revocation", order.pk)
    assert CALLED["caller"] in page.text
    assert "Decide by" in page.text
    other_desk.press("revocation", order, proposal=proposal.pk, understood="on")
    assert Certificate.objects.get().revocation_reason == "superseded"
    assert CALLED["caller"] in desk.open("case", order.pk).text
    assert "Decide by" not in desk.open("case", order.pk).text


ASKED = "Varmenteen sulkemista on pyydetty"


def told_by_mail():
    """Return to whom it was mailed that somebody asked for the revocation."""
    return {one.to[0] for one in mail.outbox if one.subject.startswith(ASKED)}


def test_the_organisation_is_told_by_mail_of_what_it_may_not_have_asked_for(desk, order):
    told(desk, order)
    orders.drain()
    to_matti = [one for one in mail.outbox if one.to == ["matti@example.fi"]][-1]
    assert to_matti.subject.startswith(ASKED)
    text = " ".join(to_matti.body.split())
    assert "palvelun ulkopuolelta (puhelin)" in text
    assert "kerro siitä meille heti" in text
    assert told_by_mail() == {"matti@example.fi", orders.CONTACT["mailbox"]}
    assert all(f"/orders/{order.pk}/" in one.body for one in mail.outbox[-2:])


def test_each_report_is_told_by_its_own_channel_and_time(desk, other_desk, order):
    today = clock.day(clock.now())
    yesterday = today - timedelta(days=1)
    told(desk, order)
    told(other_desk, order, channel="cert", received_on=yesterday.isoformat())
    orders.drain()
    to_matti = [one for one in mail.outbox if one.to == ["matti@example.fi"]]
    asked = [" ".join(one.body.split()) for one in to_matti if one.subject.startswith(ASKED)]
    phone = f"(puhelin) {today:%-d.%-m.%Y} klo 0.00"
    cert = f"(CERT tai muu viranomainen) {yesterday:%-d.%-m.%Y} klo 0.00"
    assert [(phone in text, cert in text) for text in asked] == [(True, False), (False, True)]


def test_what_is_done_at_once_or_decided_meanwhile_is_not_told_as_asked_for(
    desk, other_desk, order
):
    told(desk, order)
    other_desk.press(
        "decline_revocation",
        order,
        proposal=RevocationProposal.objects.get().pk,
        words="Apteekki ei tiedä pyynnöstä.",
    )
    told(desk, order, "key_compromise")
    asked = OutboxItem.objects.filter(payload__notice="revocation_reported")
    assert {item.payload["recipient"] for item in asked} == {"applicant", "mailbox"}  # once each
    assert asked.count() == 2
    orders.drain()
    assert told_by_mail() == set()


def test_the_day_and_night_begin_when_the_report_came(desk, order):
    told(desk, order)
    report = RevocationReport.objects.get()
    assert report.received_at == clock.start_of_day(clock.day(clock.now()))
    assert report.due_at - report.received_at == timedelta(hours=24)


def test_the_queue_counts_the_hours_from_when_the_report_came(desk, order):
    yesterday = clock.day(clock.now()) - timedelta(days=1)
    told(desk, order, received_on=yesterday.isoformat())
    (row,) = desk.open("queue", view="revocations").context["rows"]
    assert (row.due.label, row.due.day) == ("late", clock.day(clock.now()))


def test_who_wrote_the_report_cannot_settle_it_alone(desk, other_desk, order):
    told(desk, order)
    proposal = RevocationProposal.objects.get()
    page = desk.open("case", order.pk).text
    assert "Another reviewer must decide it." in page
    assert "Take the proposal back" not in page
    answer = desk.press("withdraw_revocation", order, proposal=proposal.pk)
    assert answer.status_code == 403
    assert "Another reviewer must decide it." in answer.text
    proposal.refresh_from_db()
    assert proposal.is_open
    assert "Another reviewer must decide it." not in other_desk.open("case", order.pk).text
    other_desk.press("decline_revocation", order, proposal=proposal.pk, words="Ei ollut Matti.")
    proposal.refresh_from_db()
    assert proposal.outcome == "declined"


def test_the_applicant_sees_that_it_was_asked_for_and_not_by_whom(desk, order, matti, web_of):
    told(desk, order)
    page = web_of(matti).get(reverse("applications:order", args=[order.pk])).text
    assert "We were asked to revoke the certificate" in page
    assert "(phone)" in page
    assert "Somebody outside the service asked for the revocation" in page
    assert "040 123" not in page
    assert "Soitin" not in page


def test_the_title_of_the_warning_stands_over_no_other_notice(desk, order, matti, web_of):
    told(desk, order)
    rewrite(Certificate.objects, not_after=clock.now() + timedelta(days=1))
    page = web_of(matti).get(reverse("applications:order", args=[order.pk])).text
    assert "The certificate is valid until" in page
    assert page.count("We were asked to revoke the certificate") == 1


def test_after_the_decision_the_applicant_is_warned_no_more(desk, other_desk, order, matti, web_of):
    told(desk, order)
    proposal = RevocationProposal.objects.get()
    other_desk.press("decline_revocation", order, proposal=proposal.pk, words="Ei ollut Matti.")
    for name in ("order", "certificate"):
        page = web_of(matti).get(reverse(f"applications:{name}", args=[order.pk])).text
        assert "We were asked to revoke the certificate" not in page
        assert "whoever maintains the system" in page
        assert "the certificate was not revoked." in page
        assert "040 123" not in page


@pytest.mark.parametrize("reason", ["key_compromise", "superseded"])
def test_the_applicant_reads_how_it_was_decided(desk, other_desk, order, matti, web_of, reason):
    told(desk, order, reason)
    if reason == "superseded":
        proposal = RevocationProposal.objects.get()
        other_desk.press("revocation", order, proposal=proposal.pk, understood="on")
    page = web_of(matti).get(reverse("applications:certificate", args=[order.pk])).text
    outcome = {
        "key_compromise": "the certificate was revoked at once.",
        "superseded": "the certificate was revoked on",
    }
    assert outcome[reason] in page


@pytest.mark.parametrize("reason", ["key_compromise", "superseded"])
def test_pressed_twice_it_is_one_report_and_the_same_page(desk, order, reason):
    first, second = told(desk, order, reason), told(desk, order, reason)
    assert first.url == second.url == desk.url("case", order.pk)
    assert RevocationReport.objects.count() == 1
    assert Event.objects.filter(action="application.revocation_reported").count() == 1


def test_a_key_found_exposed_after_the_report_is_revoked_all_the_same(desk, order):
    told(desk, order)
    assert told(desk, order, "key_compromise").url == desk.url("case", order.pk)
    assert Certificate.objects.get().revocation_reason == "key_compromise"
    assert RevocationReport.objects.count() == 1


def test_a_declined_report_pressed_again_is_not_said_to_wait(desk, other_desk, order):
    told(desk, order)
    proposal = RevocationProposal.objects.get()
    other_desk.press("decline_revocation", order, proposal=proposal.pk, words="Ei ollut Matti.")
    answer = told(desk, order)
    assert answer.status_code == 409
    assert CALLED["caller"] in answer.text
    assert RevocationReport.objects.count() == 1


@pytest.mark.parametrize("lacking", ["channel", "role", "caller", "verified", "reason", "words"])
def test_what_a_report_needs(desk, order, lacking):
    answer = told(desk, order, **{lacking: ""})
    assert lacking in answer.context["form"].errors
    assert CALLED["callback"] in answer.text
    assert not RevocationReport.objects.exists()


def test_a_report_cannot_come_tomorrow(desk, order):
    tomorrow = (clock.day(clock.now()) + timedelta(days=1)).isoformat()
    answer = told(desk, order, received_on=tomorrow)
    assert "Enter a time that has passed." in answer.text
    assert not RevocationReport.objects.exists()


def test_who_confirmed_too_long_ago_keeps_what_they_wrote_and_presses_again(desk, order):
    shown = {
        one.name: one.value() for one in desk.open("revocation_report", order.pk).context["form"]
    }
    given = shown | CALLED | {"reason": "key_compromise", "received_at": "0.00"}
    given["received_on"] = given["received_on"].isoformat()
    desk.confirm(at=clock.now() - access.SECOND_FACTOR_LASTS - timedelta(minutes=1))
    answer = desk.press("revocation_report", order, **given)
    assert CALLED["caller"] in answer.text
    assert "Confirm that it is you (opens in a new tab)" in answer.text
    assert not RevocationReport.objects.exists()
    key = "-----BEGIN PRIVATE KEY-----\nMIIsalaisuus\n-----END PRIVATE KEY-----"
    withheld = desk.press("revocation_report", order, **given | {"words": key})
    assert "This is a private key" in withheld.text
    assert CALLED["caller"] in withheld.text
    assert "MIIsalaisuus" not in withheld.text
    assert desk.open("revocation_report", order.pk).status_code == 302
    wrong = desk.press("revocation_report", order, **given | {"verified": ""})
    assert wrong.context["form"].errors["verified"]
    desk.confirm()
    assert desk.press("revocation_report", order, **given).url == desk.url("case", order.pk)
    assert RevocationReport.objects.get().caller == CALLED["caller"]


def test_the_event_names_the_channel_and_nobody(desk, order):
    told(desk, order, "key_compromise")
    event = Event.objects.get(action="application.revocation_reported")
    assert event.data["channel"] == "phone"
    assert "Matti" not in str(event.data)


def test_a_second_caller_of_the_same_minute_is_another_report(desk, order):
    told(desk, order)
    assert told(desk, order, caller="Toinen soittaja, 050 321").status_code == 302
    assert told(desk, order, words="Palvelin on myyty.").status_code == 302
    assert RevocationReport.objects.count() == 3
    page = desk.open("case", order.pk).text
    assert "050 321" in page and "Palvelin on myyty." in page

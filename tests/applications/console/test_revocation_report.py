"""Somebody outside asks by phone, by mail or as a CERT that a certificate be revoked."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from accounts import access
from accounts.models import Membership
from accounts.services.people import merge
from accounts.services.rights import staff_roles
from applications import services
from applications.models import RevocationProposal, RevocationReport
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event, OutboxItem
from issuance.models import Certificate
from tests.applications.console.conftest import Desk
from tests.tables import rewrite

CALLED = {
    "channel": "phone",
    "role": "technical",
    "caller": "Matti Meikäläinen, Keskustan apteekki, 040 123",
    "verified": "Soitin apteekin vaihteeseen.",
    "callback": "Matti vastasi vaihteen kautta.",
    "words": "Palvelin vaihdettiin.",
    "understood": "on",
}


@pytest.fixture
def order(matti, riitta, cas, desk, other_desk):
    delivered = orders.delivered(matti, riitta)
    for one in (desk, other_desk):
        one.confirm()
    return delivered


def told(desk, order, reason="superseded", **more):
    """Take the report down as one that has just come."""
    received = {
        one.name: one.value() for one in desk.open("revocation_report", order.pk).context["form"]
    }
    came = {"received_on": received["received_on"].isoformat(), "received_at": "0.00"}
    return desk.press("revocation_report", order, **CALLED | came | {"reason": reason} | more)


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


def test_a_report_while_a_proposal_is_open_is_noted_beside_it(desk, other_desk, order, raimo):
    told(desk, order)
    page = other_desk.open("revocation_report", order.pk)
    assert page.context["form"]["received_on"].value() == clock.day(clock.now())
    answer = told(other_desk, order, "cessation_of_operation", words="Palvelin on poistettu.")
    assert answer.url == other_desk.url("case", order.pk)
    assert Certificate.objects.get().state == "issued"
    proposal = RevocationProposal.objects.get()
    noted = RevocationReport.objects.get(person=raimo)
    assert (noted.beside, noted.proposal) == (proposal, None)
    shown = other_desk.open("case", order.pk).text
    assert "Palvelin on poistettu." in shown and "Decide by" in shown
    other_desk.press("revocation", order, proposal=proposal.pk, understood="on")
    assert Certificate.objects.get().revocation_reason == "superseded"


def test_a_report_beside_a_reviewer_s_own_proposal(desk, other_desk, order, riitta):
    words = {"reason": "superseded", "words": "Vaihdettu.", "understood": "on"}
    other_desk.press("revoke", order, **words)
    assert told(desk, order).url == desk.url("case", order.pk)
    assert RevocationReport.objects.get().beside == RevocationProposal.objects.get()
    assert told(desk, order).status_code == 302
    assert RevocationReport.objects.count() == 1
    assert told(desk, order, "key_compromise").status_code == 302
    assert Certificate.objects.get().revocation_reason == "key_compromise"


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


def test_whose_own_proposal_a_report_waits_for_cannot_take_it_back(desk, order, riitta):
    words = {"reason": "superseded", "words": "Vaihdettu.", "understood": "on"}
    desk.press("revoke", order, **words)
    assert "Take the proposal back" in desk.open("case", order.pk).text
    told(desk, order, "cessation_of_operation", words="CERT: palvelin on poistettu.")
    page = desk.open("case", order.pk).text
    assert "Take the proposal back" not in page
    assert "Another reviewer must decide it." in page
    proposal = RevocationProposal.objects.get()
    answer = desk.press("withdraw_revocation", order, proposal=proposal.pk)
    assert answer.status_code == 403
    proposal.refresh_from_db()
    assert proposal.is_open and RevocationReport.objects.get().settles == proposal


def test_the_second_person_reads_each_report_once_where_they_decide(desk, other_desk, order):
    told(desk, order)
    told(other_desk, order, "cessation_of_operation", caller="CERT-FI", words="Poistettu.")
    for name in ("case", "revocation", "decline_revocation"):
        text = other_desk.open(name, order.pk).text
        assert (text.count("CERT-FI"), text.count(CALLED["caller"])) == (1, 1)


def test_the_hours_count_from_the_report_that_came_first(desk, other_desk, order, matti, web_of):
    told(desk, order)
    yesterday = clock.day(clock.now()) - timedelta(days=1)
    told(other_desk, order, caller="CERT-FI", received_on=yesterday.isoformat())
    first = RevocationReport.objects.get(caller="CERT-FI")
    (row,) = desk.open("queue", view="revocations").context["rows"]
    assert (row.due.label, row.due.day) == ("late", clock.day(first.due_at))
    page = web_of(matti).get(reverse("applications:order", args=[order.pk]))
    assert page.context["reported"] == first


@pytest.fixture
def anna_proposes(order):
    """Anna, a third reviewer, has proposed to revoke the certificate because it was replaced."""
    anna = Desk(people.make_reviewer("Anna Arvioija"))
    anna.confirm()
    anna.press("revoke", order, reason="superseded", words="Vaihdettu.", understood="on")
    return RevocationProposal.objects.get()


def test_a_report_for_another_reason_outlives_the_proposal_beside_which_it_stood(
    desk, other_desk, order, anna_proposes, riitta
):
    told(desk, order, "cessation_of_operation", words="Palvelu on lakkautettu.")
    told(desk, order, caller="CERT-FI", words="Vaihdettu jo keväällä.")
    orders.drain()
    mail.outbox.clear()
    other_desk.press("decline_revocation", order, proposal=anna_proposes.pk, words="Ei vaihdettu.")
    second = RevocationProposal.objects.get(closed_at=None)
    assert (second.maker, second.reason) == (riitta, "cessation_of_operation")
    assert second.words == "Palvelu on lakkautettu."
    assert RevocationReport.objects.get(words=second.words).settles == second
    same = RevocationReport.objects.get(caller="CERT-FI")  # two persons have decided about that
    assert same.settles == anna_proposes
    orders.drain()
    declined = {one.to[0] for one in mail.outbox if "Ei vaihdettu." in one.body}
    assert declined == {"anna@example.fi", "riitta@example.fi"}
    proposed = [one for one in mail.outbox if f"/console/{order.pk}/revocation/" in one.body]
    everybody = {"anna@example.fi", "riitta@example.fi", "raimo@example.fi"}
    assert {one.to[0] for one in proposed} == everybody
    assert all("Ehdottajaksi merkittiin Riitta Ratkaisija" in one.body for one in proposed)
    page = desk.open("case", order.pk)
    assert page.text.count("Decide by") == 1
    assert desk.press("revocation", order, proposal=second.pk, understood="on").status_code == 403
    other_desk.press("revocation", order, proposal=second.pk, understood="on")
    assert Certificate.objects.get().revocation_reason == "cessation_of_operation"


def test_who_wrote_a_report_does_not_settle_it_by_declining_a_colleague_s_proposal(
    desk, order, anna_proposes, riitta
):
    told(desk, order)
    told(desk, order, caller="CERT-FI")
    desk.press("decline_revocation", order, proposal=anna_proposes.pk, words="Ei vaihdettu.")
    second = RevocationProposal.objects.get(closed_at=None)
    assert (second.maker, second.report.caller) == (riitta, CALLED["caller"])
    assert second.reports_beside.get().caller == "CERT-FI"
    assert desk.press("withdraw_revocation", order, proposal=second.pk).status_code == 403


def test_what_a_former_reviewer_wrote_is_proposed_by_whoever_declined_and_can_be_confirmed(
    desk, other_desk, order, anna_proposes, riitta, raimo
):
    told(desk, order, "cessation_of_operation", words="Palvelu on lakkautettu.")
    staff_roles.end_reviewer(riitta, actor=system("test"), now=clock.now())
    other_desk.press("decline_revocation", order, proposal=anna_proposes.pk, words="Ei vaihdettu.")
    second = RevocationProposal.objects.get(closed_at=None)
    assert (second.maker, second.words) == (raimo, "Palvelu on lakkautettu.")
    assert RevocationReport.objects.get().settles == second
    act(anna_proposes.maker, services.confirm_proposal, second.pk)
    assert Certificate.objects.get().revocation_reason == "cessation_of_operation"


def test_what_was_written_under_a_record_merged_since_is_proposed_in_the_name_of_the_other(
    desk, other_desk, order, anna_proposes, riitta
):
    told(desk, order, "cessation_of_operation")
    staying = people.make_person("Riitta Ratkaisija-Smith")
    merge.merge(riitta, into=staying, actor=system("test"), now=clock.now())
    other_desk.press("decline_revocation", order, proposal=anna_proposes.pk, words="Ei vaihdettu.")
    assert RevocationProposal.objects.get(closed_at=None).maker == staying


def test_a_second_caller_of_the_same_minute_is_another_report(desk, order):
    told(desk, order)
    assert told(desk, order, caller="Toinen soittaja, 050 321").status_code == 302
    assert told(desk, order, words="Palvelin on myyty.").status_code == 302
    assert RevocationReport.objects.count() == 3
    page = desk.open("case", order.pk).text
    assert "050 321" in page and "Palvelin on myyty." in page


def test_whom_the_case_concerns_is_told_so_beside_an_open_proposal(desk, other_desk, order, riitta):
    told(other_desk, order)
    Membership.objects.create(
        person=riitta,
        organisation=order.organisation,
        role=Membership.Role.APPLICANT,
        basis=Membership.Basis.INVITATION,
        begun_at=clock.now(),
    )
    page = desk.open("revocation_report", order.pk)
    assert "only because the key has been exposed or may have been" in page.text
    assert "who will read this report too" not in page.text

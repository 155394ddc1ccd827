"""What was reported beside an open proposal to revoke: read with it, and outliving it."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import Membership
from accounts.services.people import merge
from accounts.services.rights import staff_roles
from applications import services
from applications.models import RevocationProposal, RevocationReport
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.models import Certificate
from tests.applications.console.conftest import Desk
from tests.applications.console.reporting import CALLED, told


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

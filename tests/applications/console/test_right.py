"""The founder's right to act: shown, confirmed by a reviewer, wanted for production."""

from datetime import timedelta

import pytest

from accounts.access import SECOND_FACTOR_LASTS, actor_for
from accounts.models import Membership
from accounts.right_to_act import right_of
from accounts.services.organisations import found, invite, membership
from accounts.services.rights import documents
from applications.services.reviewer.may_act import RightMissing
from certportal.dev.builders import orders, people
from certportal.dev.builders.documents import pdf
from certportal.foundation import clock
from certportal.foundation.files.documents import viewing_copy
from certportal.foundation.models import Event
from tests.tables import unkept

CLINICS = "9900008-5"


@pytest.fixture
def aino(sample, now):
    """Aino has founded an account; nobody has seen that she may act for it."""
    person = people.make_person("Aino Alku", now=now)
    statement = found.Statement(Membership.Basis.MANDATE, "valtakirja")
    found.found(person, CLINICS, statement, actor=actor_for(person), now=now)
    return person


@pytest.fixture
def unconfirmed(matti):
    """Matti's right, as it was before anybody confirmed it."""
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None, basis_note="")
    return matti.memberships.get()


def test_the_case_shows_on_what_the_right_rests(unconfirmed, case, desk):
    page = desk.open("case", case.pk)
    for text in ("Matti Meikäläinen", "Unverified", "Mandate", "tietohallintopäällikkö"):
        assert text in page.text
    assert desk.url("right", case.pk) in page.text


def test_production_is_refused_until_the_right_is_confirmed(unconfirmed, ready, desk, riitta):
    assert "approve" not in desk.open("case", ready.pk).context["offers"]
    with pytest.raises(RightMissing):
        orders.approve(riitta, ready)

    answer = desk.press("right", ready, note="Trade register, 2 March")

    assert answer.status_code == 302
    page = desk.open("case", ready.pk)
    assert "approve" in page.context["offers"]
    assert "Trade register, 2 March" in page.text
    assert "Mandate" in page.text
    assert desk.url("right", ready.pk) not in page.text
    assert orders.approve(riitta, ready).status == "approved"


def test_what_is_confirmed_is_not_said_to_be_confirmed_again(unconfirmed, case, desk, other_desk):
    desk.press("right", case, note="Kaupparekisteriote 2.3.")
    again = other_desk.press("right", case, note="Toinen kirjaus Raimolta")
    assert again.status_code == 409
    assert "nothing was recorded now" in again.text
    assert f'href="{desk.url("case", case.pk)}"' in again.text
    page = other_desk.open("case", case.pk).text
    assert "Kaupparekisteriote 2.3." in page
    assert "has been confirmed." not in page


def test_the_confirmation_is_a_reviewer_s_act(unconfirmed, case, desk, riitta):
    desk.press("right", case, note="Trade register")

    unconfirmed.refresh_from_db()
    assert unconfirmed.basis == Membership.Basis.REVIEWER_DECISION
    assert unconfirmed.confirmed_by == riitta
    event = Event.objects.filter(action="membership.right_confirmed").latest("id")
    assert event.actor == f"person:{riitta.pk}"
    assert "Trade register" not in str(event.data)


def test_a_confirmation_wants_a_fresh_second_factor(unconfirmed, case, desk):
    desk.confirm(clock.now() - SECOND_FACTOR_LASTS - timedelta(minutes=1))
    answer = desk.press("right", case, note="Trade register")
    assert "/second-factor/" in answer.text and "Trade register" in answer.text
    asked = f"Confirm the authority to act: Matti Meikäläinen, {unconfirmed.organisation}"
    assert f"{asked}, order {case.number}" in answer.text
    unconfirmed.refresh_from_db()
    assert unconfirmed.basis == Membership.Basis.UNVERIFIED


def test_a_confirmation_says_by_what(unconfirmed, case, desk):
    answer = desk.press("right", case, note=" ")
    assert "Write what showed you the authority" in answer.text
    unconfirmed.refresh_from_db()
    assert unconfirmed.basis == Membership.Basis.UNVERIFIED


def test_the_first_confirmation_stands(case, desk, other_desk, pharmacy):
    before = pharmacy.memberships.get()
    other_desk.press("right", case, note="Something else")
    assert pharmacy.memberships.get().basis_note == before.basis_note


def test_a_confirmation_is_of_the_right_that_was_shown(unconfirmed, case, desk, riitta, pharmacy):
    """What shows one person's right is not noted of another who sends the order meanwhile."""
    kaisa = people.make_member("Kaisa Kaima", pharmacy, now=clock.now())
    kaisa.memberships.update(basis=Membership.Basis.UNVERIFIED)
    orders.ask(riitta, case, clock.day(clock.now()) + timedelta(days=14))
    version = desk.open("right", case.pk).context["form"]["version"].value()
    orders.resubmit(kaisa, case)
    answer = desk.press("right", case, version=version, note="Matin valtakirja 2.3.")
    assert answer.status_code == 409
    assert "Kaisa Kaima" in answer.text and "Matin valtakirja 2.3." in answer.text
    unproven = Membership.objects.filter(basis=Membership.Basis.UNVERIFIED)
    assert set(unproven.values_list("person", flat=True)) == {unconfirmed.person_id, kaisa.pk}


def test_the_reviewer_sees_the_documents_inline_and_they_are_what_was_seen(
    unconfirmed, case, desk, matti, pharmacy, now
):
    paper = documents.Paper(pdf("Valtakirja"), "valtakirja.pdf")
    document = documents.hand_in(matti, pharmacy, paper, actor=actor_for(matti), now=now)
    place = desk.url("right_document_page", document.pk)
    assert "valtakirja.pdf" in desk.open("case", case.pk).text
    page = " ".join(desk.open("right", case.pk).text.split())
    assert f'<iframe class="paper" src="{place}"' in page
    shown = desk.client.get(place)
    assert shown.content == viewing_copy(paper.data)
    assert desk.client.get(desk.url("right_document", document.pk)).content == paper.data
    assert shown["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in shown["Content-Security-Policy"]

    desk.press("right", case, note="", **desk.shown(desk.url("right", case.pk)))

    unconfirmed.refresh_from_db()
    assert unconfirmed.basis == Membership.Basis.REVIEWER_DECISION
    assert unconfirmed.basis_note == "valtakirja.pdf"
    event = Event.objects.filter(action="membership.right_confirmed").latest("id")
    assert event.data["documents"] == [document.sha256]


def test_documents_are_for_reviewers_and_their_owner_only(
    unconfirmed, desk, matti, kalle, pharmacy, now, web_of
):
    paper = documents.Paper(pdf("Valtakirja"), "valtakirja.pdf")
    document = documents.hand_in(matti, pharmacy, paper, actor=actor_for(matti), now=now)
    for name in ("right_document", "right_document_page"):
        for person in (kalle, matti):
            assert web_of(person).get(desk.url(name, document.pk)).status_code == 404


def test_a_member_confirms_no_right_in_their_own_organisation(
    unconfirmed, case, desk, riitta, pharmacy, now
):
    Membership.objects.create(
        person=riitta, organisation=pharmacy, role="applicant", basis="invitation", begun_at=now
    )
    assert desk.url("right", case.pk) not in desk.open("case", case.pk).text
    assert desk.press("right", case, note="I know him").status_code == 403
    unconfirmed.refresh_from_db()
    assert unconfirmed.basis == Membership.Basis.UNVERIFIED


def test_a_founder_nobody_confirmed_gets_no_right_by_inviting(unconfirmed, maija, cas, riitta):
    application = orders.claimed(maija, riitta)
    with pytest.raises(RightMissing):
        orders.approve(riitta, application)


def test_a_founder_nobody_confirmed_gains_nothing_by_leaving_and_coming_back(
    unconfirmed, matti, maija, cas, riitta, now
):
    account = unconfirmed.organisation
    maija.memberships.update(role=Membership.Role.ADMINISTRATOR)
    with pytest.raises(membership.LastAdministrator):
        membership.leave(unconfirmed.pk, actor=actor_for(matti), now=now)
    with pytest.raises(membership.NotConfirmed):
        invite.invite(
            account,
            matti.email,
            role=Membership.Role.APPLICANT,
            language="fi",
            by=maija,
            actor=actor_for(maija),
            now=now,
        )
    # As an earlier version of the service would have let them.
    unconfirmed.ended_at = now
    unconfirmed.save()
    again = Membership.objects.create(
        person=matti, organisation=account, role="applicant", basis="invitation", begun_at=now
    )

    for person in (matti, maija):
        application = orders.claimed(person, riitta)
        assert right_of(person, account) in (again, maija.memberships.get())
        with pytest.raises(RightMissing):
            orders.approve(riitta, application)


def test_an_invitation_that_rests_on_nothing_waits_for_the_reviewer(
    unconfirmed, maija, cas, desk, riitta
):
    with unkept():
        unconfirmed.delete()
    application = orders.claimed(maija, riitta)
    with pytest.raises(RightMissing):
        orders.approve(riitta, application)

    desk.press("right", application, note="Letter of the director")

    assert orders.approve(riitta, application).status == "approved"


def test_an_invited_colleague_sends_by_the_account_s_right(maija, cas, riitta):
    application = orders.claimed(maija, riitta)
    assert orders.approve(riitta, application).status == "approved"


def test_a_test_certificate_needs_no_confirmed_right(unconfirmed, matti, cas, riitta):
    application = orders.claimed(matti, riitta, "test_server")
    assert orders.approve(riitta, application).status == "approved"


def test_founding_itself_confirms_nothing(aino):
    assert aino.memberships.get().basis == Membership.Basis.UNVERIFIED


def test_an_applicant_finds_no_such_page(case, matti, client):
    place = f"/fi/console/{case.pk}/right/"
    assert people.log_in(client, matti).get(place).status_code == 404

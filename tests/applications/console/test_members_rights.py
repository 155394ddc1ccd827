"""Reviewers confirm a right to act, on a rival's papers or on the word alone, or withdraw it."""

from datetime import date, timedelta

import pytest

from accounts.access import actor_for
from accounts.models import AccountDecision, Invitation, Membership, RightDocument
from accounts.right_to_act import acts_without, is_shown
from accounts.services.organisations import invite as inviting
from accounts.services.rights import confirm as confirming, documents
from applications import services
from applications.errors import NotPossible
from applications.services.reviewer.may_act import RightMissing
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.dev.builders.documents import pdf
from certportal.foundation import clock
from certportal.foundation.models import Event
from issuance.models import Certificate
from tests.applications.console.conftest import Desk
from tests.applications.console.oversight import REASONS, given, mails, right, told


def test_both_documents_meet_on_one_page_and_the_stranger_goes(desk, contested, seppo, web_of, now):
    page = desk.open("administrator", contested.pk).text
    for words in ("seppo.pdf", "pekka.pdf", "Seppo Sivullinen", "proviisori", "Omistan."):
        assert words in page
    assert page.count("<iframe") == 2
    place = desk.url("administrator", contested.pk)
    desk.client.post(place, {"decision": "alone", "reasons": REASONS} | desk.shown(place))

    pekka = contested.person
    assert right(pekka).role == Membership.Role.ADMINISTRATOR
    assert not seppo.memberships.filter(ended_at=None).exists()
    assert AccountDecision.objects.get().kind == AccountDecision.Kind.MEMBERSHIP_ENDED
    assert told() == sorted([str(seppo.pk), str(pekka.pk)])
    letter = mails(now)[seppo.email]
    assert REASONS in letter.text
    assert "Pekka" not in letter.text
    assert web_of(pekka).get("/en/account/members/invite/").status_code == 200


def test_the_founder_may_be_the_one_confirmed(desk, contested, seppo, riitta):
    place = desk.url("confirm_member", right(seppo).pk)
    assert place in desk.open("administrator", contested.pk).text
    page = desk.client.get(place).text
    assert "Somebody else asks" in page
    assert "pekka.pdf" not in page  # shown on the page of the request, to which this one leads
    assert desk.url("administrator", contested.pk) in page
    given = {"note": "Kaupparekisteri"} | desk.shown(place)
    assert desk.client.post(place, given).status_code == 302
    assert is_shown(right(seppo))
    assert right(seppo).confirmed_by == riitta
    assert "end the memberships" not in desk.open("administrator", contested.pk).text


def test_who_confirms_a_right_after_another_reads_that_nothing_was_recorded(desk, seppo, raimo):
    place = desk.url("confirm_member", right(seppo).pk)
    other = Desk(raimo)
    given = {"note": "Kaupparekisteri 2.3."} | other.shown(place)
    desk.client.post(place, {"note": "Valtakirja"} | desk.shown(place))
    page = other.client.post(place, given)
    assert page.status_code == 409
    assert "The authority is confirmed already: nothing was recorded now." in page.text
    assert f'href="{desk.url("account", right(seppo).organisation_id)}"' in page.text
    assert right(seppo).basis_note == "Valtakirja"


def test_so_does_who_is_overtaken_while_it_is_recorded(desk, seppo, raimo, monkeypatch):
    place, confirm = desk.url("confirm_member", right(seppo).pk), services.confirm_right
    given = {"note": "Kaupparekisteri 2.3."} | desk.shown(place)

    def late(*key, **rest):
        act(raimo, confirm, *key, note="Valtakirja")
        return confirm(*key, **rest)

    monkeypatch.setattr(services, "confirm_right", late)
    page = desk.client.post(place, given)
    assert page.status_code == 409
    assert "nothing was recorded now" in page.text
    assert right(seppo).basis_note == "Valtakirja"


@pytest.mark.parametrize("becomes", ["withdrawn", "confirmed on the word again"])
def test_riitta_reads_that_raimo_withdrew_or_renewed_what_she_confirms_anew(
    desk, seppo, raimo, becomes
):
    soon, later = (clock.day(clock.now()) + timedelta(days=ahead) for ahead in (30, 60))
    act(raimo, services.confirm_right, right(seppo).pk, note="Soitin.", until=soon)
    place = desk.url("confirm_member", right(seppo).pk)
    given = {"note": "Soitin minäkin.", "word_alone": "on", "ends_on": later.isoformat()}
    given |= desk.shown(place)
    if becomes == "withdrawn":
        act(raimo, services.withdraw_right, right(seppo).pk, reasons="Puhelu oli väärennetty.")
    else:
        act(raimo, services.confirm_right, right(seppo).pk, note="Soitin taas.", until=later)
    stands = right(seppo)
    page = desk.client.post(place, given)
    assert page.status_code == 409
    assert "withdrawn its confirmation" in page.text and "Soitin minäkin." in page.text
    assert (right(seppo).basis, right(seppo).basis_note) == (stands.basis, stands.basis_note)
    again = given | {"shown": page.context["form"]["shown"].value()}
    assert desk.client.post(place, again).status_code == 302
    assert right(seppo).basis_note == "Soitin minäkin."


def test_a_document_about_a_right_that_an_auditor_reads_is_recorded(desk, seppo, web_of, now):
    paper = RightDocument.objects.get()
    auditor = people.make_auditor("Anneli Auditoija", now=now)
    for browser in (desk.client, web_of(auditor)):
        assert browser.get(desk.url("right_document_page", paper.pk)).status_code == 200
    event = Event.objects.get(action="person.document_taken")
    assert (event.actor, event.data["sha256"]) == (f"person:{auditor.pk}", paper.sha256)


def exchange(person, name):
    """Take back the person's document, and hand in another one."""
    account, paper = right(person).organisation, documents.Paper(pdf(name), f"{name}.pdf")
    act(person, documents.take_back, RightDocument.objects.get(person=person).pk)
    act(person, documents.hand_in, person, account, paper)


def test_no_right_is_confirmed_by_a_document_that_the_page_did_not_show(desk, seppo):
    """Without a note the documents are the evidence: those that the reviewer has looked at."""
    place = desk.url("confirm_member", right(seppo).pk)
    given = {"note": ""} | desk.shown(place)
    exchange(seppo, "toinen")
    answer = desk.client.post(place, given)
    assert answer.status_code == 409
    assert "uploaded or taken back a document" in answer.text
    assert "toinen.pdf" in answer.text
    assert not is_shown(right(seppo))
    given["shown"] = answer.context["form"]["shown"].value()
    assert desk.client.post(place, given).status_code == 302
    assert right(seppo).basis_note == "toinen.pdf"


def test_nor_on_a_case(desk, seppo, cas):
    case = orders.claimed(seppo, desk.person)
    given = {"note": ""} | desk.shown(desk.url("right", case.pk))
    exchange(seppo, "toinen")
    answer = desk.press("right", case, **given)
    assert answer.status_code == 409
    assert "toinen.pdf" in answer.text
    assert not is_shown(right(seppo))
    given["shown"] = answer.context["form"]["shown"].value()
    assert desk.press("right", case, **given).status_code == 302
    assert right(seppo).basis_note == "toinen.pdf"


@pytest.mark.parametrize("decision", ["grant", "alone", "refuse"])
def test_nobody_becomes_administrator_over_a_document_that_the_page_did_not_show(
    desk, contested, seppo, decision
):
    place = desk.url("administrator", contested.pk)
    given = {"decision": decision, "reasons": REASONS} | desk.shown(place)
    exchange(seppo, "ote")
    answer = desk.client.post(place, given)
    assert answer.status_code == 409
    assert "somebody has uploaded or taken back a document" in answer.text
    assert "ote.pdf" in answer.text
    assert REASONS in answer.text
    contested.refresh_from_db()
    assert contested.decided_at is None
    assert right(seppo)
    given["shown"] = answer.context["form"]["shown"].value()
    assert desk.client.post(place, given).status_code == 302
    contested.refresh_from_db()
    assert contested.decided_at is not None


def test_nor_is_a_membership_ended_that_the_page_did_not_show(desk, contested, seppo):
    place = desk.url("administrator", contested.pk)
    given = {"decision": "alone", "reasons": REASONS} | desk.shown(place)
    late = people.make_member("Lauri Myöhäinen", right(seppo).organisation)
    unproven = {"basis": Membership.Basis.UNVERIFIED, "confirmed_at": None}
    late.memberships.update(role=Membership.Role.ADMINISTRATOR, **unproven)
    answer = desk.client.post(place, given)
    assert answer.status_code == 409
    assert "Lauri Myöhäinen" in answer.text
    assert right(late)


@pytest.fixture
def on_his_word(seppo, riitta):
    """Seppo's right, confirmed by Riitta on his word alone, for ten days."""
    day = clock.day(clock.now()) + timedelta(days=10)
    given = {"note": "Soitin.", "until": day, "by": riitta, "actor": actor_for(riitta)}
    return confirming.confirm_right(right(seppo).pk, **given, now=clock.now())


def written_day(day):
    return f"{day.day}.{day.month}.{day.year}"


def as_the_browser_sends(form):
    """Return what is posted of a form that nobody has touched."""
    shown = {field.name: field.value() for field in form if field.value() is not False}
    return {
        name: written_day(value) if isinstance(value, date) else value or ""
        for name, value in shown.items()
    }


def test_the_last_day_that_is_over_stands_in_nobodys_way(desk, on_his_word, pass_days):
    pass_days(11)
    desk = Desk(desk.person)
    desk.confirm()
    place = desk.url("confirm_member", on_his_word.pk)
    sent = as_the_browser_sends(desk.client.get(place).context["form"]) | {"note": "Ote."}
    assert "Choose an end date" in desk.client.post(place, sent).text
    del sent["word_alone"]
    assert desk.client.post(place, sent).status_code == 302
    assert is_shown(Membership.objects.get(pk=on_his_word.pk))


def test_a_right_on_the_word_alone_is_bettered_on_the_account(desk, on_his_word, raimo):
    place = Desk(raimo).url("confirm_member", on_his_word.pk)
    assert place in desk.open("account", on_his_word.organisation_id).text
    other = Desk(raimo)
    other.confirm()
    page = other.client.get(place)
    assert "Recorded then: Soitin." in page.text
    sent = as_the_browser_sends(page.context["form"])
    del sent["word_alone"]
    assert (sent["note"], sent["ends_on"]) == ("", written_day(on_his_word.confirmed_until))
    same = other.client.post(place, sent | {"note": " Soitin. "})
    assert "The note is the same as when" in same.text
    assert other.client.post(place, sent | {"note": "Kaupparekisterin ote"}).status_code == 302
    on_his_word.refresh_from_db()
    assert (on_his_word.confirmed_until, on_his_word.confirmed_by) == (None, raimo)
    assert on_his_word.basis_note == "Kaupparekisterin ote"
    event = Event.objects.filter(action="membership.right_confirmed").latest("id")
    assert (event.actor, event.data["until"]) == (f"person:{raimo.pk}", "")
    assert place not in desk.open("account", on_his_word.organisation_id).text


def test_it_is_renewed_there_and_two_reviewers_still_approve(desk, on_his_word, seppo, cas):
    place, day = desk.url("confirm_member", on_his_word.pk), on_his_word.confirmed_until
    later = day + timedelta(days=100)
    given = {"note": "Soitin taas.", "word_alone": "on"} | desk.shown(place)
    far = desk.client.post(place, given | {"ends_on": "1.1.2099"})
    assert "Choose an end date" in far.text
    assert far.context["form"]["note"].value() == "Soitin taas."
    assert desk.client.post(place, given | {"ends_on": written_day(later)}).status_code == 302
    on_his_word.refresh_from_db()
    assert on_his_word.confirmed_until == later
    assert place in desk.open("account", on_his_word.organisation_id).text
    case = orders.claimed(seppo, desk.person)
    assert desk.open("case", case.pk).context["approvals"].wanted == 2


def test_what_only_a_former_members_word_shows_is_bettered_too(desk, on_his_word, seppo, now):
    """Whom he invited rests on it. Nobody does once they have left as well."""
    place = desk.url("confirm_member", on_his_word.pk)
    liisa = people.make_member("Liisa Liittynyt", on_his_word.organisation)
    Membership.objects.filter(pk=on_his_word.pk).update(ended_at=now)
    assert place in desk.open("account", on_his_word.organisation_id).text
    liisa.memberships.update(ended_at=now)
    assert place not in desk.open("account", on_his_word.organisation_id).text


def test_a_member_betters_nothing_of_the_own_account(desk, on_his_word, riitta, now):
    Membership.objects.create(
        person=riitta,
        organisation=on_his_word.organisation,
        role=Membership.Role.APPLICANT,
        basis=Membership.Basis.INVITATION,
        begun_at=now,
    )
    place = desk.url("confirm_member", on_his_word.pk)
    page = desk.client.get(place).text
    assert "another reviewer must confirm the right" in page
    assert 'name="note"' not in page
    assert desk.client.post(place, {"note": "Tunnen hänet."}).status_code == 403
    on_his_word.refresh_from_db()
    assert on_his_word.is_weak


def test_the_case_tells_of_a_rival_before_the_right_is_confirmed(desk, seppo, contested, cas):
    case = orders.claimed(seppo, desk.person)
    page = desk.open("right", case.pk).text
    assert "Somebody else asks" in page
    assert desk.url("account", case.organisation_id) in desk.open("case", case.pk).text


def test_a_confirmation_is_withdrawn_and_what_rests_on_it_falls(
    desk, matti, maija, teemu, riitta, pharmacy, web_of, cas, now
):
    invite = {"role": "applicant", "language": "fi", "by": matti, "actor": actor_for(matti)}
    waiting = inviting.invite(pharmacy, "uuno@example.fi", **invite, now=clock.now())
    case = orders.claimed(maija, riitta)
    orders.approve(riitta, case)
    place = desk.url("withdraw_right", right(matti).pk)
    assert place in desk.open("account", pharmacy.pk).text
    page = desk.client.get(place).text
    for words in ("Maija", "Teemu", case.number, "uuno@example.fi"):
        assert words in page

    assert desk.client.post(place, {"reasons": REASONS} | desk.shown(place)).status_code == 302

    assert right(matti).basis == Membership.Basis.UNVERIFIED
    for person in (matti, maija, teemu):
        assert not is_shown(right(person))
    waiting.refresh_from_db()
    assert waiting.state(clock.now()) == Invitation.State.REVOKED
    assert told() == sorted(str(one.pk) for one in (matti, maija, teemu))
    assert "/account/right/" in mails(now)[matti.email].text
    case.refresh_from_db()
    assert case.status == "in_review"
    assert web_of(matti).get("/en/account/members/invite/").status_code == 403
    assert case.number not in web_of(matti).get("/en/home/").text
    assert case.number in web_of(maija).get("/en/home/").text
    orders.drain()
    with pytest.raises((RightMissing, NotPossible)):
        orders.approve(riitta, case)
    assert desk.client.post(place, {"reasons": REASONS}).status_code == 409


def test_a_right_that_falls_at_the_moment_of_approval_signs_nothing(matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    orders.approve(riitta, case)
    # As if the withdrawal had been committed while the approval was under way.
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED)
    orders.drain()
    case.refresh_from_db()
    assert case.status == "in_review"
    assert not Certificate.objects.exists()


def test_an_order_stands_that_rests_on_a_later_right_than_the_one_withdrawn(
    desk, matti, maija, riitta, pharmacy, cas, now
):
    former = right(matti)
    shown = {"basis": Membership.Basis.REVIEWER_DECISION, "confirmed_at": now}
    maija.memberships.update(role="administrator", **shown)
    Membership.objects.filter(pk=former.pk).update(ended_at=now)
    pharmacy.memberships.create(person=matti, role="applicant", begun_at=now, **shown)
    case = orders.claimed(matti, riitta)
    orders.approve(riitta, case)
    place = desk.url("withdraw_right", former.pk)
    page = desk.client.get(place).text
    assert case.number not in page
    assert "This is an earlier membership." in page
    assert "see their own orders only" not in page
    assert desk.client.post(place, {"reasons": REASONS} | desk.shown(place)).status_code == 302
    former.refresh_from_db()
    assert (former.basis, is_shown(right(matti))) == (Membership.Basis.UNVERIFIED, True)
    letters = mails(clock.now())
    assert letters.keys() == {matti.email, maija.email}
    assert "Voit toimia organisaation puolesta kuten ennenkin." in letters[matti.email].text
    assert "Hän toimii organisaation puolesta kuten ennenkin." in letters[maija.email].text
    assert not any("näkevät vain omat tilauksensa" in one.text for one in letters.values())
    case.refresh_from_db()
    assert case.status == "approved"


def test_who_has_a_right_of_their_own_keeps_it(matti, maija, riitta, pharmacy, now):
    maija.memberships.update(basis=Membership.Basis.REVIEWER_DECISION, role="administrator")
    services.withdraw_right(right(matti).pk, **given(riitta))
    assert is_shown(right(maija))
    assert told() == sorted([str(matti.pk), str(maija.pk)])
    letter = mails(now)[maija.email]
    assert "Matti" in letter.text
    assert "no longer confirmed" not in letter.subject


def test_a_current_member_who_was_invited_has_no_earlier_membership(matti, maija):
    assert right(maija).ended_at is None
    assert not acts_without(right(maija))

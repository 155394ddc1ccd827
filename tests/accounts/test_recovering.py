"""A lost administrator is replaced through a reviewer."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from accounts.access import SECOND_FACTOR, actor_for
from accounts.models import AdministratorRequest, Membership, RightDocument
from accounts.right_to_act import right_of
from accounts.services.organisations import administrator_requests
from accounts.services.people import erase, merge
from accounts.services.rights import documents
from certportal.dev.builders import mails, orders, people
from certportal.dev.builders.documents import pdf, upload
from certportal.foundation.files.documents import NotPdf
from certportal.foundation.models import Event, OutboxItem

pytestmark = pytest.mark.django_db
CODE = "9900001-8"
ASK = f"/en/account/organisation/found/{CODE}/administrator/"
CONSOLE = "/en/console/administrators/"
PAPER = documents.Paper(pdf("Valtakirja"), "valtakirja.pdf")
REASON = "Matti on jäänyt eläkkeelle."


def ask(person, pharmacy, now, paper=PAPER):
    return administrator_requests.ask(
        person, pharmacy, reason=REASON, paper=paper, actor=actor_for(person), now=now
    )


def decide(reviewer, asked, now, *, grant=True):
    return administrator_requests.decide(
        asked.pk,
        grant=grant,
        reasons="Pöytäkirja 12.1.",
        by=reviewer,
        actor=actor_for(reviewer),
        now=now,
    )


def mailed(kind):
    return set(OutboxItem.objects.filter(payload__kind=kind).values_list("payload__to", flat=True))


@pytest.fixture
def asked(maija, pharmacy, now):
    """Maija, an applicant, has asked."""
    return ask(maija, pharmacy, now)


def test_the_button_sends_a_request_and_not_a_question_to_an_applicant(client, maija, pharmacy):
    page = people.log_in(client, maija).get(ASK.replace("/en/", "/fi/", 1)).text
    assert "Lähetä pyyntö" in page
    assert "lisätietopyyntö" not in page


def test_a_member_asks_with_reason_and_document(client, maija, matti, pharmacy):
    browser = people.log_in(client, maija)
    assert ASK in browser.get("/en/account/members/").text

    browser.post(ASK, {"reason": REASON, "document": upload(pdf())})

    asked = AdministratorRequest.objects.get()
    assert (asked.person, asked.organisation, asked.reason) == (maija, pharmacy, REASON)
    assert pharmacy.right_documents.get().person == maija
    assert mailed("administrator_asked") == {str(matti.pk)}
    assert "is waiting for a reviewer" in browser.get(ASK).text
    event = Event.objects.get(action="administrator_request.made")
    assert "eläkkeelle" not in str(event.data)


def test_reviewers_without_a_part_in_it_are_told_at_once(pharmacy, maija, riitta, raimo, now):
    joined = {"basis": "invitation", "role": "applicant", "begun_at": now}
    Membership.objects.create(person=raimo, organisation=pharmacy, **joined)
    asked = ask(maija, pharmacy, now)
    orders.drain()

    (letter,) = [one for one in mail.outbox if "/console/" in one.body]
    assert letter.to == ["riitta@example.fi"]
    assert f"/fi/console/administrators/{asked.pk}/" in letter.body
    assert pharmacy.name in letter.subject
    assert REASON not in letter.body


def test_a_mail_that_comes_after_the_decision_is_not_sent(asked, riitta, now):
    item = {"person": str(riitta.pk), "source": str(asked.pk)}
    assert mails.write("administrator_wanted", **item) is not None
    decide(riitta, asked, now)
    assert mails.write("administrator_wanted", **item) is None


@pytest.mark.parametrize("given", [{"reason": REASON}, {"document": "pdf"}])
def test_neither_reason_nor_document_may_lack(client, maija, given):
    if "document" in given:
        given = {"document": upload(pdf())}
    assert people.log_in(client, maija).post(ASK, given).status_code == 200
    assert not AdministratorRequest.objects.exists()


def test_nothing_sent_at_all_is_refused_in_words(client, maija, pharmacy):
    page = people.log_in(client, maija).post(ASK)
    assert page.status_code == 200
    assert not pharmacy.administrator_requests.exists()


def test_a_fit_document_is_kept_while_the_reason_lacks(client, maija, pharmacy):
    browser = people.log_in(client, maija)
    page = browser.post(ASK, {"reason": "", "document": upload(pdf(), "valtakirja.pdf")}).text
    assert "Attached: valtakirja.pdf" in page
    assert not pharmacy.right_documents.exists()
    attached = re.search(r'name="attached" value="(\d+)"', page)[1]
    assert browser.post(ASK, {"reason": REASON, "attached": attached}).status_code == 302
    assert AdministratorRequest.objects.get().reason == REASON
    assert [one.name for one in pharmacy.right_documents.all()] == ["valtakirja.pdf"]


def test_five_documents_are_enough_on_this_way_too(client, maija, pharmacy, now):
    for number in range(documents.MOST):
        paper = documents.Paper(pdf(str(number)), f"{number}.pdf")
        documents.keep(maija, pharmacy, paper, actor=actor_for(maija), now=now)
    people.log_in(client, maija)
    given = {"reason": REASON, "document": upload(pdf("6"), "kuudes.pdf")}
    page = client.post(ASK, given).content.decode()
    assert f"{documents.MOST} documents" in page
    assert REASON in page
    assert pharmacy.right_documents.count() == documents.MOST
    assert not pharmacy.administrator_requests.exists()


def test_what_is_no_pdf_asks_nothing(maija, pharmacy, now):
    with pytest.raises(NotPdf):
        ask(maija, pharmacy, now, documents.Paper(b"hello", "x.pdf"))
    assert not AdministratorRequest.objects.exists()


def test_one_who_leaves_while_the_document_is_checked_has_asked_nothing(
    maija, pharmacy, now, monkeypatch
):
    def removed_meanwhile(*_args, **_given):
        maija.memberships.update(ended_at=now)

    monkeypatch.setattr(documents, "require_fit", removed_meanwhile)
    with pytest.raises(administrator_requests.MayNotAsk):
        ask(maija, pharmacy, now)
    assert not AdministratorRequest.objects.exists()


def test_a_later_comer_gives_the_administrators_a_week(pekka, pharmacy, now):
    with pytest.raises(administrator_requests.MayNotAsk):
        ask(pekka, pharmacy, now + timedelta(days=6))
    assert ask(pekka, pharmacy, now + timedelta(days=7)).person == pekka


def test_an_account_without_any_administrator_is_open_to_ask_at_once(kalle, matti, pharmacy, now):
    with pytest.raises(administrator_requests.MayNotAsk):
        ask(kalle, pharmacy, now)
    matti.memberships.update(ended_at=now)
    assert ask(kalle, pharmacy, now).person == kalle


def test_an_administrator_has_nothing_to_ask(client, matti, pharmacy, now):
    assert ASK not in people.log_in(client, matti).get("/en/account/members/").text
    with pytest.raises(administrator_requests.MayNotAsk):
        ask(matti, pharmacy, now)


def test_a_reviewer_is_told_before_asking_what_it_bars(matti, kalle, riitta, now):
    found = f"/en/account/organisation/found/{CODE}/"
    words = "you cannot decide anything about this organisation for 12 months"
    for place in (found, ASK):
        assert words in people.log_in(Client(), riitta).get(place).text
        assert words not in people.log_in(Client(), kalle).get(place).text
    matti.memberships.update(ended_at=now)
    page = people.log_in(Client(), riitta).get(ASK).text
    assert words in page
    assert "Taking the request back does not change this." in page
    assert 'name="reason"' in page


def test_asked_twice_is_one_request(asked, maija, pharmacy, now):
    documents.hold(maija, PAPER, form="", actor=actor_for(maija), now=now)
    assert ask(maija, pharmacy, now) == asked
    assert pharmacy.right_documents.get() == RightDocument.objects.get()


def test_granted_a_member_becomes_administrator_and_all_are_told(
    asked, maija, matti, pharmacy, riitta, now
):
    decide(riitta, asked, now)

    own = maija.memberships.get()
    assert own.role == Membership.Role.ADMINISTRATOR
    assert own.basis == Membership.Basis.REVIEWER_DECISION
    assert (own.basis_note, own.confirmed_by) == ("Pöytäkirja 12.1.", riitta)
    assert right_of(maija, pharmacy) == own
    assert matti.memberships.get().role == Membership.Role.ADMINISTRATOR
    assert mailed("administrator_decided") == {str(matti.pk), str(maija.pk)}
    event = Event.objects.get(action="administrator_request.granted")
    assert event.actor == f"person:{riitta.pk}"


def test_granted_a_later_comer_joins_as_administrator(pekka, pharmacy, riitta, now):
    later = now + timedelta(days=8)
    decide(riitta, ask(pekka, pharmacy, later), later)
    own = pekka.memberships.get()
    assert (own.role, own.organisation) == (Membership.Role.ADMINISTRATOR, pharmacy)
    assert not pekka.join_requests.filter(settled_at=None).exists()


def test_refused_nothing_changes_and_the_reasons_are_told(client, asked, maija, riitta, now):
    decide(riitta, asked, now, grant=False)
    assert maija.memberships.get().role == Membership.Role.APPLICANT
    letter = {"id": str(asked.pk), "to": str(maija.pk)}
    message = mails.write("administrator_decided", **letter, language="en")
    assert message.to == maija.email
    assert "refused" in message.text
    assert "Pöytäkirja 12.1." in message.text
    assert "Pöytäkirja 12.1." in people.log_in(client, maija).get(ASK).text


def test_the_decision_is_made_once(asked, riitta, raimo, now):
    decide(riitta, asked, now)
    with pytest.raises(administrator_requests.DecidedAlready):
        decide(raimo, asked, now, grant=False)


def test_only_a_reviewer_with_no_part_in_it_decides(asked, pharmacy, riitta, raimo, kalle, now):
    Membership.objects.create(
        person=riitta, organisation=pharmacy, role="applicant", basis="invitation", begun_at=now
    )
    AdministratorRequest.objects.filter(pk=asked.pk).update(person=raimo)
    for person in (riitta, raimo, kalle):
        with pytest.raises(administrator_requests.MayNotDecide):
            decide(person, asked, now)
    riitta.memberships.update(ended_at=now - timedelta(days=364))
    for person in (riitta, kalle):
        with pytest.raises(administrator_requests.MayNotDecide):
            decide(person, asked, now)
    asked.refresh_from_db()
    assert asked.decided_at is None


def test_the_reviewer_sees_register_members_and_document_and_decides(asked, maija, riitta):
    desk = people.log_in(Client(), riitta)
    assert CONSOLE in desk.get("/en/console/").text
    place = f"{CONSOLE}{asked.pk}/"
    assert place in desk.get(CONSOLE).text
    page = desk.get(place)
    for text in (REASON, "Matti Meikäläinen", "Maija", "valtakirja.pdf", CODE, "<iframe"):
        assert text in page.text

    shown = page.context["form"]["shown"].value()
    desk.post(place, {"decision": "grant", "reasons": "Pöytäkirja", "shown": shown})

    assert maija.memberships.get().role == Membership.Role.ADMINISTRATOR
    assert "Pöytäkirja" in desk.get(place).text


def test_the_second_factor_is_proven_again_first(asked, maija, riitta):
    desk = people.log_in(Client(), riitta)
    session = desk.session
    session[SECOND_FACTOR] = (asked.asked_at - timedelta(days=4000)).isoformat()
    session.save()
    page = f"{CONSOLE}{asked.pk}/"
    assert "/second-factor/" in desk.get(page).url
    answer = desk.post(page, {"decision": "grant", "reasons": "Seen in the register"})
    assert "/second-factor/" in answer.text and "Seen in the register" in answer.text
    assert maija.memberships.get().role == Membership.Role.APPLICANT


def test_others_find_no_such_page(asked, matti, kalle):
    for person in (matti, kalle):
        browser = people.log_in(Client(), person)
        assert browser.get(CONSOLE).status_code == 404
        assert browser.post(f"{CONSOLE}{asked.pk}/").status_code == 404


def test_the_words_go_with_the_person(asked, maija, now):
    erase.erase_person(maija.pk, now=now)
    asked.refresh_from_db()
    assert asked.reason == ""


def test_one_human_asks_once_whoever_they_were_before(asked, maija, pekka, pharmacy, now):
    ask(pekka, pharmacy, now + timedelta(days=8))
    merge.merge(pekka, into=maija, actor=actor_for(maija), now=now)
    assert AdministratorRequest.objects.get() == asked

"""A document is checked and counted once, and kept whatever becomes of its form."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.access import actor_for
from accounts.models import AdministratorRequest, Membership, Organisation, RightDocument
from accounts.services.organisations import (
    administrator_requests,
    found as found_organisations,
    take_back,
)
from accounts.services.rights import documents
from accounts.views import organisations, recovering
from certportal.dev.builders import people
from certportal.dev.builders.documents import pdf, upload
from certportal.foundation.web import limits
from tests.tables import rewrite

pytestmark = pytest.mark.django_db
CLINICS = "9900008-5"
FOUND = f"/en/account/organisation/found/{CLINICS}/"
ASK = "/en/account/organisation/found/9900001-8/administrator/"
RIGHT = "/en/account/right/"
PAPER = documents.Paper(pdf("Valtakirja"), "valtakirja.pdf")
OTHER = documents.Paper(pdf("Toinen"), "toinen.pdf")
HERE = {"form": f"accounts:confirm {CLINICS}"}
STATED = {"basis": "mandate", "detail": "hallintojohtaja"}
TOO_MANY = "You have tried too many times"


@pytest.fixture
def checked(monkeypatch):
    """The bytes given to the check of PDFs, to the virus scanner and to the limit, from now on."""
    given = {"pdf": [], "virus": [], "limit": []}
    for key, module, name in (
        ("pdf", documents, "check_pdf"),
        ("virus", documents, "require_clean"),
        ("limit", limits, "spend_by"),
    ):
        real = getattr(module, name)

        def noted(first, *args, real=real, key=key, **kwargs):
            if key != "limit" or first == "right_document":
                given[key].append(first)
            return real(first, *args, **kwargs)

        monkeypatch.setattr(module, name, noted)
    return given


def valtakirja():
    return upload(PAPER.data, PAPER.name)


def times(checked):
    return [len(given) for given in checked.values()]


def attached(page):
    return re.search(r'name="attached" value="(\d+)"', page.text)[1]


@pytest.mark.parametrize("way", ["at once", "after a fault", "chosen again"])
def test_the_founder_s_document_is_checked_and_counted_once(client, aino, checked, way):
    browser, given = people.log_in(client, aino), {"document": valtakirja()}
    if way != "at once":
        page = browser.post(FOUND, {**STATED, "basis": "", "document": valtakirja()})
        given = {"attached": attached(page)}
    if way == "chosen again":
        given["document"] = valtakirja()
    assert browser.post(FOUND, STATED | given).status_code == 302
    assert times(checked) == [1, 1, 1]
    (document,) = RightDocument.objects.all()
    assert (document.name, document.organisation) == (PAPER.name, Organisation.objects.get())


def test_who_asks_too_early_has_the_document_checked_once(client, maija, pharmacy, now, checked):
    """Maija took her request of today back; tomorrow she sends what the page kept."""
    given = {"reason": "Eläkkeellä.", "paper": PAPER, "actor": actor_for(maija)}
    administrator_requests.ask(maija, pharmacy, **given, now=now)
    take_back.take_back(maija, pharmacy, actor=actor_for(maija), now=now)
    RightDocument.objects.all().delete()
    before = times(checked)
    browser = people.log_in(client, maija)
    page = browser.post(ASK, {"reason": "Sittenkin.", "document": valtakirja()})
    assert "Ask again when 24 hours have passed" in page.text
    rewrite(AdministratorRequest.objects.all(), asked_at=now - timedelta(days=2))
    sent = browser.post(ASK, {"reason": "Sittenkin.", "attached": attached(page)})
    assert sent.status_code == 302
    assert [new - old for new, old in zip(times(checked), before, strict=True)] == [1, 1, 1]
    assert pharmacy.right_documents.get().name == PAPER.name


def test_other_bytes_and_other_people_are_checked_for_themselves(aino, maija, now, checked):
    held = {}
    for person, paper in ((aino, PAPER), (maija, PAPER), (aino, OTHER), (aino, PAPER)):
        given = HERE | {"instead_of": held.get(person), "actor": actor_for(person), "now": now}
        held[person] = documents.hold(person, paper, **given)
    assert times(checked) == [4, 4, 4]


@pytest.mark.parametrize(
    ("place", "form", "given", "view"),
    [
        (FOUND, HERE["form"], STATED, organisations),
        (ASK, "accounts:ask_administrator 9900001-8", {"reason": "Poissa."}, recovering),
    ],
)
def test_one_that_another_request_removes_meanwhile_is_asked_for_again(
    client, maija, pharmacy, now, place, form, given, view, monkeypatch, request
):
    """As when the form is sent twice, or the account founded in another window."""
    committed = request.getfixturevalue("django_capture_on_commit_callbacks")

    def let_go(*_):
        with committed(execute=True):
            documents.let_go(maija, None)

    held = documents.hold(maija, PAPER, form=form, actor=actor_for(maija), now=now)
    browser = people.log_in(client, maija)
    with monkeypatch.context() as between:
        between.setattr(view, "hold_document", let_go)
        page = browser.post(place, given | {"attached": held.pk})
    assert page.status_code == 200
    assert "The attached document is no longer here. Choose the file again." in page.text
    assert "Attached:" not in page.text
    assert all(page.context["form"][name].value() == value for name, value in given.items())
    assert not RightDocument.objects.exists()
    assert browser.post(place, given | {"document": valtakirja()}).status_code == 302
    assert RightDocument.objects.get().organisation is not None


def test_what_is_held_for_another_form_of_the_person_stays(client, aino, now):
    """For instance where they found two accounts, each in a window of its own.

    The form of one does not take the document of the other, whatever key it sends.
    """
    browser = people.log_in(client, aino)
    other = {"form": "accounts:confirm 9900004-2"}
    first = documents.hold(aino, OTHER, **other, actor=actor_for(aino), now=now)
    page = browser.post(FOUND, STATED | {"attached": first.pk})
    assert "The attached document is no longer here." in page.text
    page = browser.post(FOUND, {**STATED, "basis": "", "document": valtakirja()})
    assert browser.post(FOUND, STATED | {"attached": attached(page)}).status_code == 302
    assert Organisation.objects.get().right_documents.get().name == PAPER.name
    assert RightDocument.objects.get(organisation=None) == first


def test_of_many_forms_the_newest_documents_are_held(aino, now):
    papers = [documents.Paper(pdf(f"Liite {n}"), f"{n}.pdf") for n in range(documents.MOST + 2)]
    for paper in papers:
        documents.hold(aino, paper, **HERE, actor=actor_for(aino), now=now)
    names = RightDocument.objects.values_list("name", flat=True)
    assert sorted(names) == [paper.name for paper in papers[2:]]


def test_a_document_held_for_hours_is_checked_again(aino, now, checked):
    """The scanner may have learned of its virus meanwhile."""
    documents.hold(aino, PAPER, **HERE, actor=actor_for(aino), now=now)
    for hours in (0.5, 2):
        later = now + timedelta(hours=hours)
        documents.require_fit(aino, PAPER, actor=actor_for(aino), now=later)
    assert times(checked) == [2, 2, 2]


def test_a_document_held_by_a_clock_that_was_ahead_is_checked_again(aino, now, checked):
    documents.hold(aino, PAPER, **HERE, actor=actor_for(aino), now=now + timedelta(hours=5))
    documents.require_fit(aino, PAPER, actor=actor_for(aino), now=now)
    assert times(checked) == [2, 2, 2]


def test_a_document_that_was_handed_in_earlier_is_checked_again(maija, pharmacy, now, checked):
    """Only one that is held is known, for an hour."""
    pharmacy.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    for _time in range(2):
        documents.hand_in(maija, pharmacy, PAPER, actor=actor_for(maija), now=now)
    assert times(checked) == [2, 2, 2]


def test_over_the_limit_of_founding_nothing_that_was_given_is_lost(client, aino, monkeypatch):
    browser = people.log_in(client, aino)
    with monkeypatch.context() as full:
        full.setattr(found_organisations, "MOST_FOUNDED_A_DAY", 0)
        page = browser.post(FOUND, STATED | {"document": valtakirja()})
    assert (page.status_code, page.text.count(TOO_MANY)) == (429, 1)
    assert int(page["Retry-After"]) > 0
    assert "hallintojohtaja" in page.text
    assert page.context["form"]["basis"].value() == "mandate"
    assert "Attached: valtakirja.pdf" in page.text
    assert not Organisation.objects.exists()

    assert browser.post(FOUND, STATED | {"attached": attached(page)}).status_code == 302
    assert Organisation.objects.get().right_documents.get().name == PAPER.name


def test_over_the_limit_of_look_ups_the_form_comes_back_without_names(client, aino, monkeypatch):
    monkeypatch.setattr(found_organisations, "MOST_LOOKUPS_AN_HOUR", 0)
    given = STATED | {"basis": "", "document": valtakirja()}
    page = people.log_in(client, aino).post(FOUND, given)
    assert page.status_code == 429
    for kept in (TOO_MANY, "hallintojohtaja", "Attached: valtakirja.pdf", CLINICS):
        assert kept in page.text
    assert page.context["prospect"].name == ""
    assert "Units for which you can order" not in page.text


@pytest.mark.usefixtures("still")
def test_of_two_limits_the_one_that_lasts_longest_is_told(client, aino, now, monkeypatch):
    """Accounts are counted by the day, look-ups by the hour; the page needs a look-up too."""
    monkeypatch.setattr(found_organisations, "MOST_FOUNDED_A_DAY", 0)
    monkeypatch.setattr(found_organisations, "MOST_LOOKUPS_AN_HOUR", 0)
    page = people.log_in(client, aino).post(FOUND, STATED | {"document": valtakirja()})
    assert (page.status_code, page.text.count(TOO_MANY)) == (429, 1)
    day = 24 * 3600
    assert int(page["Retry-After"]) == day - int(now.timestamp()) % day


def test_over_the_limit_of_documents_the_pages_come_back(client, maija, pharmacy, monkeypatch):
    pharmacy.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    monkeypatch.setattr(documents, "MOST_A_DAY", 0)
    browser = people.log_in(client, maija)
    asked = browser.post(ASK, {"reason": "Matti on poissa.", "document": valtakirja()})
    assert (asked.status_code, asked.text.count(TOO_MANY)) == (429, 1)
    assert "Matti on poissa." in asked.text
    shown = browser.post(reverse("accounts:right"), {"document": valtakirja()})
    assert (shown.status_code, shown.text.count(TOO_MANY)) == (429, 1)
    assert not RightDocument.objects.exists()

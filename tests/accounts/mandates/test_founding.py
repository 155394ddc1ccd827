"""A founder whom Suomi.fi-valtuudet confirms waits for no reviewer; anybody else waits for one."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.models import Membership, Organisation, Person, SignOn
from accounts.services.organisations import found
from accounts.services.people import recognise
from applications.rules.sender import lacks_right
from certportal.dev.builders import orders, people
from certportal.dev.builders.documents import pdf, upload
from certportal.foundation import clock
from certportal.foundation.models import Event
from tests.accounts.mandates.conftest import (
    CLINICS,
    HETU,
    PAGE,
    PHARMACY,
    STATED,
    chosen,
    identified_as,
    onward_of,
)
from tests.doubles.suomifi import company

pytestmark = pytest.mark.django_db
OFFER = "Confirm in Suomi.fi e-Authorizations"
BACK = "/identification/mandates"


def right_of(person):
    return person.memberships.get()


def test_a_managing_director_waits_for_no_reviewer(founder, valtuudet, matti, cas):
    page = founder.visit()
    assert "managing director (TJ)" in page.text
    assert "On what basis" not in page.text

    founder.found()

    right = right_of(matti)
    assert right.basis == Membership.Basis.REGISTER_ROLE
    assert right.basis_note == "Suomi.fi-valtuudet: TJ"
    assert right.confirmed_at is not None and right.confirmed_by is None
    assert (right.stated_basis, right.confirmed_until) == ("", None)
    event = Event.objects.get(action="membership.right_shown")
    assert event.data["mandate"] == "Suomi.fi-valtuudet: TJ"
    assert event.actor == f"person:{matti.pk}"
    assert not lacks_right(orders.submitted(matti), on=clock.day(clock.now()))


def test_the_person_and_the_reviewer_see_on_what_it_rests(founder, valtuudet, matti, riitta, cas):
    founder.visit()
    founder.found()
    order = orders.submitted(matti)

    own = founder.client.get("/en/account/right/").text
    assert "Suomi.fi-valtuudet: TJ" in own and "Role in a register" in own
    people.log_in(founder.client, riitta)
    case = founder.client.get(f"/en/console/{order.pk}/").text
    assert "Suomi.fi-valtuudet: TJ" in case and "Role in a register" in case


def test_it_is_kept_as_the_right_of_somebody_who_leaves(founder, valtuudet, matti, kalle):
    """Who leaves has no right any more; nothing of it comes back with another account."""
    founder.visit()
    founder.found()
    people.make_member("Maija Mallikas", right_of(matti).organisation, role="administrator")
    founder.client.post("/en/account/members/leave/")

    assert right_of(matti).ended_at is not None


def test_a_document_that_was_chosen_is_there_again_after_turning_back(founder, valtuudet):
    document = upload(pdf(), "valtakirja.pdf")
    founder.client.post(PAGE, {"visit": "1", "document": document} | STATED)
    page = founder.client.get(PAGE).text
    assert "proviisori" in page
    assert "Attached: valtakirja.pdf" in page


def test_what_was_typed_is_there_again_after_turning_back(founder, valtuudet):
    page = founder.visit("")

    assert "You cancelled" in page.text
    assert "proviisori" in page.text
    assert page.context["form"]["basis"].initial == "mandate"


def test_who_turns_back_from_identification_comes_back_to_the_founding(
    founder, valtuudet, settings
):
    identified_as(settings, "")
    page = founder.set_out()

    assert page.url == PAGE
    page = founder.client.get(PAGE)
    assert "You cancelled" in page.text and "proviisori" in page.text
    assert valtuudet.heard == []


@pytest.mark.parametrize(
    ("organisation", "words"),
    [
        (company(PHARMACY, "PJ"), "no role by which you alone"),
        (company(PHARMACY), "no role by which you alone"),
        (company(PHARMACY, "TJ", complete=False), "could not look into every register"),
    ],
    ids=["jointly", "none", "incomplete"],
)
def test_what_is_not_confirmed_waits_for_a_reviewer(founder, valtuudet, matti, organisation, words):
    valtuudet.rights[HETU] = [organisation]
    assert words in founder.visit().text

    founder.found(**STATED)

    assert right_of(matti).basis == Membership.Basis.UNVERIFIED
    assert not Event.objects.filter(action="membership.right_shown").exists()


def test_another_organisation_does_not_confirm_this_one(founder, valtuudet, matti):
    assert "you chose another organisation" in founder.visit(CLINICS).text
    founder.found(**STATED)
    assert right_of(matti).basis == Membership.Basis.UNVERIFIED


def test_what_was_confirmed_for_one_organisation_is_nothing_for_another(founder, valtuudet, matti):
    founder.visit()
    other = PAGE.replace(PHARMACY, CLINICS)
    assert "managing director (TJ)" not in founder.client.get(other).text

    founder.client.post(other, STATED)

    assert right_of(matti).basis == Membership.Basis.UNVERIFIED


@pytest.mark.parametrize("minutes", [31, -1])
def test_what_was_confirmed_holds_for_half_an_hour(founder, valtuudet, matti, monkeypatch, minutes):
    founder.visit()
    later = clock.now() + timedelta(minutes=minutes)
    SignOn.objects.update(begun_at=later)  # the session goes on also when the clock is set back
    monkeypatch.setattr(clock, "now", lambda: later)

    answer = founder.found()

    assert answer.context["form"].errors["basis"]
    assert not Organisation.objects.exists()


def test_while_the_service_is_silent_founding_goes_on(founder, valtuudet, matti):
    valtuudet.instead["register"] = 503, b""
    founder.set_out()
    page = founder.client.get(PAGE)
    assert "does not answer now" in page.text and "proviisori" in page.text
    assert founder.found(**STATED).status_code == 302
    assert right_of(matti).basis == Membership.Basis.UNVERIFIED


def test_silence_at_the_end_of_a_visit_is_told_as_well(founder, valtuudet):
    valtuudet.instead["roles"] = 500, b""
    assert "does not answer now" in founder.visit().text


def test_somebody_identified_abroad_is_told_why_it_cannot_help(
    client, valtuudet, sample, settings, now
):
    erik = people.identity_of("SE/FI/1985-0815-0001", "Erik Eidas", "eidas")
    login = recognise.recognise(erik, language="fi", address="127.0.0.1", now=now)
    people.verify(login.person, "erik@example.fi", now=now)
    identified_as(settings, "erik")
    people.log_in(client, login.person)
    client.post(PAGE, {"visit": "1"} | STATED)
    client.get(client.get(f"{PAGE}mandates/go/").url)

    assert client.get(f"{PAGE}mandates/").url == PAGE
    assert "identified yourself without one" in client.get(PAGE).text
    assert valtuudet.heard == []


class TestNobodyElse:
    """What somebody else's browser, code or session is good for: nothing."""

    def test_an_answer_without_our_state_confirms_nothing(self, founder, valtuudet):
        address = chosen(founder.onward(), PHARMACY)
        without = address.split("&state=")[0]
        for forged in (without, f"{without}&state=guessed", f"{without}&state="):
            assert "took too long" in founder.come_back(forged).text
            assert "(TJ)" not in founder.client.get(PAGE).text

        # The way back that was meant is not spoilt by them.
        assert "(TJ)" in founder.come_back(address).text

    def test_an_answer_works_once(self, founder, valtuudet):
        address = chosen(founder.onward(), PHARMACY)
        founder.come_back(address)
        asked = len(valtuudet.heard)

        founder.come_back(address)

        assert len(valtuudet.heard) == asked

    def test_an_answer_to_another_browser_confirms_nothing(self, founder, valtuudet, kalle):
        address = chosen(founder.onward(), PHARMACY)
        people.log_in(founder.client, kalle)
        founder.client.session.flush()
        people.log_in(founder.client, kalle)
        asked = len(valtuudet.heard)

        founder.come_back(address)

        assert len(valtuudet.heard) == asked

    def test_somebody_else_s_code_brought_to_this_browser_confirms_nothing(
        self, founder, valtuudet
    ):
        """Kalle is managing director; he brings his code into Matti's browser, state and all."""
        valtuudet.rights = {
            HETU: [company(PHARMACY)],
            "230771-903X": [company(PHARMACY, "TJ")],
        }
        address = founder.onward()
        state = parse_qs(urlsplit(address).query)["state"][0]
        _status, body = valtuudet.register(valtuudet.client_id, "230771-903X")
        assert b"userId" in body
        (user,) = [user for user, hetu in valtuudet.sessions.values() if hetu == "230771-903X"]

        page = founder.come_back(valtuudet.choose(user, PHARMACY, state))

        assert "took too long" in page.text and "(TJ)" not in page.text

    def test_who_identifies_as_somebody_else_takes_nothing_over(
        self, founder, valtuudet, settings, kalle
    ):
        founder.client.post(PAGE, {"visit": "1"} | STATED)
        identified_as(settings, "kalle")
        valtuudet.rights["230771-903X"] = [company(PHARMACY, "TJ")]

        page = founder.identify()

        assert page.status_code == 302  # Kalle, who is new here, gives an address first
        assert "mandates" not in founder.client.session

    def test_without_an_identification_for_it_nobody_is_told_of(self, founder, valtuudet):
        founder.client.get("/en/account/login/start/?next=/en/home/")
        founder.client.post(PAGE, {"visit": "1"} | STATED)

        assert "Identify yourself" in founder.client.get(f"{PAGE}mandates/").text
        assert valtuudet.heard == []

    def test_an_ordinary_login_tells_the_service_of_nobody(self, client, valtuudet, settings, db):
        identified_as(settings, "matti")
        client.get(client.get("/en/account/login/start/").url)

        assert Person.objects.count() == 1
        assert valtuudet.heard == []

    def test_a_visit_that_took_too_long_confirms_nothing(self, founder, valtuudet, monkeypatch):
        address = chosen(founder.onward(), PHARMACY)
        later = clock.now() + timedelta(minutes=21)
        monkeypatch.setattr(clock, "now", lambda: later)

        assert "took too long" in founder.come_back(address).text

    def test_one_identification_is_good_for_one_way_there(self, founder, valtuudet):
        founder.onward()
        page = founder.client.get(f"{PAGE}mandates/").text

        assert "http-equiv" not in page and "Identify yourself" in page

    @pytest.mark.usefixtures("still")
    def test_nobody_visits_without_end(self, founder, valtuudet):
        founder.client.post(PAGE, {"visit": "1"} | STATED)
        for _ in range(10):
            assert founder.client.get(f"{PAGE}mandates/go/").status_code == 302
        assert founder.client.get(f"{PAGE}mandates/go/").status_code == 429

    @pytest.mark.usefixtures("still")
    def test_who_has_looked_up_enough_learns_no_name_by_a_visit(
        self, founder, valtuudet, monkeypatch
    ):
        monkeypatch.setattr(found, "MOST_LOOKUPS_AN_HOUR", 2)
        for code in (PHARMACY, CLINICS):
            founder.client.get(PAGE.replace(PHARMACY, code))

        chosen_too = {"document": upload(pdf(), "valtakirja.pdf")}
        page = founder.client.post(PAGE, {"visit": "1"} | STATED | chosen_too)
        assert page.status_code == 429
        assert "proviisori" in page.text and "Attached: valtakirja.pdf" in page.text
        assert page.context["prospect"].name == ""
        assert founder.client.get(f"{PAGE}mandates/").status_code == 302

    def test_what_is_posted_is_no_confirmation(self, founder, valtuudet, matti):
        forged = {"shown": "TJ", "mandate": "TJ", "is_shown": "1"}
        founder.found(**STATED, **forged)

        assert right_of(matti).basis == Membership.Basis.UNVERIFIED


class TestNotConfigured:
    """Where no source is set up, nothing speaks of it."""

    def test_the_page_does_not_offer_it(self, founder):
        page = founder.client.get(PAGE).text
        assert OFFER not in page and "the order may have to wait" in page

    def test_its_addresses_lead_back(self, founder):
        for address in (f"{PAGE}mandates/", f"{PAGE}mandates/go/"):
            assert founder.client.get(address).url.rstrip("/") == PAGE.rstrip("/")
        assert founder.client.get(BACK).url == "/fi/account/organisation/found/"
        founder.client.post(PAGE, {"visit": "1"} | STATED)
        assert "mandates" not in founder.client.session


def test_the_page_offers_it_where_it_is_set_up(founder, valtuudet):
    page = founder.client.get(PAGE).text
    assert OFFER in page and "public bodies" in page.replace("\n", " ")


def test_who_comes_too_late_is_told_so_on_the_page_of_founding(founder, valtuudet, kalle):
    founder.client.post(PAGE, {"visit": "1"} | STATED)
    people.found_account(people.make_person("Pekka Proviisori"), PHARMACY)

    assert founder.client.get(f"{PAGE}mandates/").url == PAGE


def test_the_page_leads_on_to_the_service_alone(founder, valtuudet):
    assert onward_of(founder.set_out().text).startswith(f"{valtuudet.base}/oauth/authorize?")

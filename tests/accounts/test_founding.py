"""An account for an organisation: one each, on what the registers say today."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from accounts.access import actor_for, current_membership
from accounts.models import BusinessId, Membership, Organisation
from accounts.register.lookup import queries
from accounts.services.organisations import found as found_organisations
from accounts.services.organisations.found import Finding
from certportal.dev.builders.people import NOW, found_account, log_in, make_person
from certportal.foundation.errors import TooMany
from certportal.foundation.models import Event
from tests.accounts.register.conftest import CLINICS, COUNTY, ENDED, PHARMACY

UNKNOWN = "0245437-2"
MANDATE = {"basis": "mandate", "detail": "tietohallintopäällikkö"}


@pytest.fixture
def browser_of_aino(client, aino):
    return log_in(client, aino)


def page(code):
    return f"/fi/account/organisation/found/{code}/"


def test_founder_becomes_administrator_on_an_unverified_basis(aino):
    statement = found_organisations.Statement(Membership.Basis.MANDATE, "tietohallintopäällikkö")
    organisation = found_organisations.found(
        aino, PHARMACY, statement, actor=actor_for(aino), now=NOW
    )

    membership = current_membership(aino, organisation.pk)
    assert membership.role == Membership.Role.ADMINISTRATOR
    assert membership.basis == Membership.Basis.UNVERIFIED
    assert membership.stated_basis == Membership.Basis.MANDATE
    assert membership.basis_detail == "tietohallintopäällikkö"
    assert organisation.business_ids.get().code == PHARMACY
    assert organisation.kind == Organisation.Kind.PROVIDER


def test_account_carries_the_registers_name(aino):
    organisation = found_account(aino, PHARMACY)

    assert organisation.name == queries.find_provider(PHARMACY, NOW.date()).long_name


def test_founding_is_recorded_without_names(aino):
    organisation = found_account(aino, PHARMACY)

    event = Event.objects.get(action="organisation.founded")
    assert event.organisation_id == organisation.pk
    assert event.actor == f"person:{aino.pk}"
    assert "tietohallinto" not in str(event.data)


def test_second_account_for_a_business_id_is_refused(aino):
    found_account(aino, PHARMACY)

    with pytest.raises(found_organisations.NotFoundable) as refusal:
        found_account(make_person("Kalle Konsultti"), PHARMACY)
    assert refusal.value.finding is Finding.TAKEN


@pytest.mark.django_db(transaction=True)
def test_two_founding_at_once_make_one_account(aino):
    people = [aino, make_person("Kalle Konsultti")]
    barrier, refused = threading.Barrier(2), []
    judged = found_organisations.prospect

    def found(person):
        try:
            found_account(person, PHARMACY)
        except found_organisations.NotFoundable as refusal:
            refused.append(refusal.finding)
        finally:
            connection.close()

    def prospect(*args, **kwargs):
        answer = judged(*args, **kwargs)
        barrier.wait(timeout=10)
        return answer

    found_organisations.prospect = prospect
    try:
        threads = [threading.Thread(target=found, args=[person]) for person in people]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    finally:
        found_organisations.prospect = judged

    assert Organisation.objects.count() == 1
    assert refused == [Finding.TAKEN]


def test_business_id_that_was_given_up_is_free_again(aino):
    BusinessId.objects.create(
        organisation=found_account(aino, CLINICS),
        code=PHARMACY,
        valid_from=NOW.date() - timedelta(days=9),
        valid_to=NOW.date(),
    )

    assert found_organisations.look_up(aino, PHARMACY, now=NOW).finding is Finding.FREE


@pytest.mark.parametrize(
    ("code", "finding"),
    [
        (PHARMACY, Finding.FREE),
        (COUNTY, Finding.FREE),
        (UNKNOWN, Finding.UNKNOWN),
        (ENDED, Finding.ENDED),
    ],
)
def test_what_the_registers_say_decides(aino, code, finding):
    assert found_organisations.look_up(aino, code, now=NOW).finding is finding


def test_intermediary_founds_an_account_of_its_own_kind(aino):
    code = intermediary().business_id

    organisation = found_account(aino, code)

    assert organisation.kind == Organisation.Kind.INTERMEDIARY


def test_ended_intermediary_founds_nothing(aino):
    code = intermediary(standing=False).business_id

    assert found_organisations.look_up(aino, code, now=NOW).finding is Finding.ENDED


def intermediary(*, standing=True):
    """Return an intermediary of the sample register that has no units of its own."""
    return next(
        one
        for one in queries.RegisterRecord.objects.filter(kind="intermediary", known_to=None)
        if one.is_standing(NOW.date()) is standing
        and one.business_id
        and not queries.all_units(one.business_id, on=NOW.date())
    )


def test_nobody_founds_account_after_account(aino, monkeypatch):
    monkeypatch.setattr(found_organisations, "MOST_FOUNDED_A_DAY", 1)
    statement = found_organisations.Statement(Membership.Basis.MANDATE, "tietohallintopäällikkö")
    found_organisations.found(aino, PHARMACY, statement, actor=actor_for(aino), now=NOW)
    with pytest.raises(TooMany):
        found_organisations.found(aino, CLINICS, statement, actor=actor_for(aino), now=NOW)
    assert not BusinessId.objects.filter(code=CLINICS).exists()


def test_nobody_goes_through_business_ids_without_end(aino):
    for _lookup in range(found_organisations.MOST_LOOKUPS_AN_HOUR):
        found_organisations.look_up(aino, UNKNOWN, now=NOW)

    with pytest.raises(TooMany):
        found_organisations.look_up(aino, UNKNOWN, now=NOW)


@pytest.mark.parametrize("typed", [PHARMACY, "99000018", " 9900001 - 8 ", "FI99000018"])
def test_business_id_is_read_in_any_form(browser_of_aino, typed):
    answer = browser_of_aino.post("/fi/account/organisation/found/", {"business_id": typed})

    assert answer.url == page(PHARMACY)


@pytest.mark.parametrize("typed", ["", "9900001-9", "Apteekki"])
def test_business_id_with_a_wrong_check_digit_is_said_beside_the_field(browser_of_aino, typed):
    answer = browser_of_aino.post("/fi/account/organisation/found/", {"business_id": typed})

    assert answer.context["form"].errors["business_id"]


def test_confirming_shows_what_stands_and_founds(browser_of_aino, aino):
    shown = browser_of_aino.get(page(COUNTY)).content.decode()
    for unit in queries.find_units(COUNTY, on=NOW.date()):
        assert unit.long_name in shown

    answer = browser_of_aino.post(page(COUNTY), MANDATE)

    organisation = Organisation.objects.get()
    assert answer.status_code == 302
    assert browser_of_aino.session["organisation"] == str(organisation.pk)


@pytest.mark.parametrize("missing", ["basis", "detail"])
def test_founder_has_to_state_the_basis(browser_of_aino, missing):
    answer = browser_of_aino.post(page(PHARMACY), {**MANDATE, missing: ""})

    assert answer.context["form"].errors[missing]
    assert not Organisation.objects.exists()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize(
    ("code", "template"),
    [(UNKNOWN, "accounts/found_unknown.html"), (ENDED, "accounts/found_ended.html")],
)
def test_what_cannot_be_founded_gets_a_page_that_explains(
    browser_of_aino, code, template, language
):
    answer = browser_of_aino.get(page(code).replace("/fi/", f"/{language}/"))

    assert answer.templates[0].name == template
    assert code in answer.content.decode()


def test_latecomer_is_told_how_to_be_invited(client, matti, aino):
    answer = log_in(client, aino).post(page(PHARMACY), MANDATE)

    assert answer.templates[0].name == "accounts/found_taken.html"
    assert "Matti" not in answer.content.decode()


def test_member_is_told_of_the_account_they_have(client, matti):
    answer = log_in(client, matti).get(page(PHARMACY))

    assert answer.templates[0].name == "accounts/found_member.html"


def test_address_with_a_mistyped_business_id_leads_back(browser_of_aino):
    assert browser_of_aino.get(page("9900001-9")).url == "/fi/account/organisation/found/"


def test_hidden_fields_change_nothing(browser_of_aino, aino):
    extra = {"role": "technical", "kind": "intermediary", "person": "1", "verified": "1"}

    browser_of_aino.post(page(PHARMACY), {**MANDATE, **extra})

    membership = aino.memberships.get()
    assert membership.basis == Membership.Basis.UNVERIFIED
    assert membership.organisation.kind == Organisation.Kind.PROVIDER


def test_actor_is_the_person(aino):
    assert str(actor_for(aino)) == f"person:{aino.pk}"

"""An organisation lets a supplier act as its technical contact, and ends that."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import access, consents
from accounts.models import Membership, SupplierConsent
from accounts.services.organisations import (
    consents as services,
    invite,
    membership as members,
    oversight,
    succession,
)
from applications import services as decisions
from applications.services.reviewer.accounts import preview_withdrawal
from applications.services.reviewer.succession import preview_succession
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act, do
from certportal.foundation import clock
from certportal.foundation.models import Event
from tests.suppliers import account_of, consent


@pytest.fixture
def given(matti, kalle):
    """Matti's pharmacy lets Kalle's organisation act for it."""
    made = consent(matti, kalle)
    orders.drain()
    mail.outbox.clear()
    return made


def acts_for(kalle, pharmacy, at=None):
    return consents.supplier_for(kalle, pharmacy.pk, now=at or clock.now())


def test_the_supplier_s_people_act_and_its_administrators_are_told(matti, kalle, pharmacy):
    made = consent(matti, kalle)
    orders.drain()
    supplier = account_of(kalle)
    maarit = people.make_member("Maarit Muu", supplier, role="technical", now=clock.now())
    assert acts_for(kalle, pharmacy) == supplier
    assert acts_for(maarit, pharmacy) == supplier
    assert acts_for(matti, supplier) is None
    event = Event.objects.get(action="supplier_consent.given")
    assert event.organisation_id == pharmacy.pk
    assert event.data == {"to": str(supplier.pk), "until": made.until.isoformat()}
    (told,) = [one for one in mail.outbox if str(pharmacy) in one.subject]
    assert told.to == [kalle.email]
    assert reverse("customers:customers") in told.body


def test_ending_ends_at_once_and_is_told(matti, kalle, pharmacy, given):
    do(matti, services.end, given.pk)
    assert acts_for(kalle, pharmacy) is None
    given.refresh_from_db()
    assert given.ended_by == matti
    assert Event.objects.filter(action="supplier_consent.ended").count() == 1
    assert [one.to for one in mail.outbox] == [[kalle.email]]
    with pytest.raises(services.ConsentOver):
        act(matti, services.end, given.pk)


def test_the_supplier_gives_it_up_and_the_customer_is_told(matti, kalle, pharmacy, given):
    do(kalle, services.resign, given.pk)
    assert acts_for(kalle, pharmacy) is None
    assert Event.objects.filter(action="supplier_consent.resigned").count() == 1
    (told,) = mail.outbox
    assert told.to == [matti.email]
    assert reverse("accounts:suppliers") in told.body


def test_it_holds_through_its_last_day(kalle, pharmacy, given):
    last = clock.start_of_day(given.until)
    assert acts_for(kalle, pharmacy, last + timedelta(hours=20)) == account_of(kalle)
    assert acts_for(kalle, pharmacy, last + timedelta(hours=30)) is None


def test_giving_it_again_changes_the_last_day(matti, kalle, pharmacy, given):
    later = given.until + timedelta(days=10)
    again = consent(matti, kalle, until=later)
    current = SupplierConsent.objects.get(consents.in_force(clock.now()))
    assert (current, current.until) == (again, later)


@pytest.mark.parametrize("days", [-1, 10_000])
def test_the_last_day_is_neither_past_nor_far_away(matti, kalle, days):
    with pytest.raises(services.DayOutOfRange):
        consent(matti, kalle, until=clock.day(clock.now()) + timedelta(days=days))


def test_only_the_two_administrators_give_and_end(matti, maija, kalle, given):
    for person in (maija, kalle):
        with pytest.raises(members.NotAdministrator):
            act(person, services.end, given.pk)
    for person in (maija, matti):
        with pytest.raises(members.NotAdministrator):
            act(person, services.resign, given.pk)
    until = clock.day(clock.now())
    with pytest.raises(members.NotAdministrator):
        act(maija, services.give, given.customer, given.supplier, until=until)


def test_nobody_consents_to_themselves_or_to_somebody_unconfirmed(matti, kalle, pharmacy, riitta):
    with pytest.raises(services.OwnSupplier):
        consent(matti, matti)
    right = kalle.memberships.get().pk
    act(riitta, oversight.withdraw_right, right, reasons="Ei enää tehtävässä.")
    with pytest.raises(services.NoSupplier):
        consent(matti, kalle)


def test_whoever_is_not_confirmed_or_was_removed_does_not_act(
    matti, kalle, pharmacy, given, riitta, now
):
    maarit = people.make_member("Maarit Muu", account_of(kalle), now=now)
    assert acts_for(maarit, pharmacy)
    act(kalle, members.remove, maarit.memberships.get().pk)
    assert acts_for(maarit, pharmacy) is None
    right = kalle.memberships.get().pk
    act(riitta, oversight.withdraw_right, right, reasons="Ei enää tehtävässä.")
    assert acts_for(kalle, pharmacy) is None


@pytest.mark.parametrize("closed", ["customer", "supplier"])
def test_it_ends_with_either_account(matti, kalle, pharmacy, given, riitta, closed):
    account = getattr(given, closed)
    do(riitta, oversight.close, account.pk, reasons="Toiminta on päättynyt.")
    given.refresh_from_db()
    assert given.ended_at is not None and given.ended_by is None
    other = {"customer": kalle, "supplier": matti}[closed]
    assert [other.email] in [one.to for one in mail.outbox]


@pytest.mark.parametrize("decide", [oversight.end_membership, oversight.withdraw_right])
def test_it_ends_when_the_authority_ends_the_right_of_whoever_gave_it(
    matti, kalle, pharmacy, given, riitta, decide
):
    do(riitta, decide, matti.memberships.get().pk, reasons="Ei edusta apteekkia.")
    assert acts_for(kalle, pharmacy) is None
    given.refresh_from_db()
    assert given.ended_at is not None and given.ended_by is None
    event = Event.objects.get(action="supplier_consent.ended")
    assert event.actor == f"person:{riitta.pk}"
    assert [kalle.email] in [one.to for one in mail.outbox]


@pytest.fixture
def pekka(pharmacy, riitta, now):
    """An administrator of the pharmacy whose right a reviewer has confirmed by itself."""
    made = people.make_member("Pekka Proviisori", pharmacy, role="administrator", now=now)
    shown = Membership.Basis.REVIEWER_DECISION
    made.memberships.update(basis=shown, confirmed_by=riitta, confirmed_at=now)
    return made


@pytest.fixture
def valma(now):
    return people.make_founder("Valma Välittäjä", "9900022-9", now=now)


@pytest.fixture
def hers_and_his(matti, maija, kalle, pekka, valma):
    """What Maija, who came by Matti's invitation, has permitted, and what Pekka has."""
    act(matti, members.change_role, maija.memberships.get().pk, "administrator")
    return consent(maija, kalle), consent(pekka, valma)


def test_with_a_right_falls_what_the_invited_gave_and_not_what_others_did(
    matti, pekka, hers_and_his, riitta
):
    hers, his = hers_and_his
    do(riitta, oversight.withdraw_right, matti.memberships.get().pk, reasons="Ei edusta.")
    hers.refresh_from_db()
    his.refresh_from_db()
    assert hers.ended_at is not None
    assert his.ended_at is None
    (told,) = [one for one in mail.outbox if one.to == [pekka.email] and "Ei edusta." in one.body]
    assert str(hers.supplier) in told.body
    assert str(his.supplier) not in told.body
    assert reverse("accounts:suppliers") in told.body


def test_with_a_right_falls_what_the_invited_gave_who_have_left_since(
    matti, maija, pekka, kalle, valma, hers_and_his, pharmacy, riitta
):
    hers, his = hers_and_his
    for leaving in (maija, pekka):
        act(leaving, members.leave, leaving.memberships.get().pk)
    right = matti.memberships.get()
    told = preview_withdrawal(right, now=clock.now()).consents
    assert [one.pk for one in told] == [hers.pk]
    act(riitta, decisions.withdraw_right, right.pk, reasons="Ei edusta.")
    assert acts_for(kalle, pharmacy) is None
    assert acts_for(valma, pharmacy) == his.supplier


def test_of_a_former_right_falls_what_was_given_before_the_one_that_stands_began(
    matti, kalle, pharmacy, riitta, now
):
    """Matti left; Pekka, whose right a reviewer has confirmed, invited him again."""
    valma = people.make_founder("Valma Välittäjä", "9900022-9", now=now)
    pekka = people.make_member("Pekka Proviisori", pharmacy, role="administrator", now=now)
    shown = Membership.Basis.REVIEWER_DECISION
    pekka.memberships.update(basis=shown, confirmed_by=riitta, confirmed_at=now)
    former, before = matti.memberships.get(), consent(matti, valma)
    act(matti, members.leave, former.pk)
    role = {"role": "administrator", "language": "fi"}
    again = act(pekka, invite.invite, pharmacy, matti.email, **role)
    act(matti, invite.accept, again.pk, again.token)
    since = consent(matti, kalle)
    do(riitta, oversight.withdraw_right, former.pk, reasons="Valtakirja oli mitätön.")
    before.refresh_from_db()
    since.refresh_from_db()
    assert before.ended_at is not None
    assert since.ended_at is None


def test_it_outlasts_the_ordinary_removal_of_whoever_gave_it(matti, maija, kalle, pharmacy, given):
    """The organisation answers for it, and its administrators can end it."""
    act(matti, members.change_role, maija.memberships.get().pk, "administrator")
    act(maija, members.remove, matti.memberships.get().pk)
    assert acts_for(kalle, pharmacy) == account_of(kalle)


def test_it_does_not_pass_to_a_successor(matti, kalle, pharmacy, given, riitta):
    valma = people.make_founder("Valma Välittäjä", "9900022-9", now=clock.now())
    act(riitta, decisions.succeed, "9900008-5", "9900022-9", reason="Fuusio.")
    given.refresh_from_db()
    assert given.ended_at is not None
    assert acts_for(valma, pharmacy) is None
    assert acts_for(kalle, pharmacy) is None


def test_who_goes_on_under_a_new_business_id_reads_which_permissions_to_give_anew(
    matti, kalle, given, riitta
):
    """The account gets the business ID of an organisation that has none here."""
    former, supplier = str(given.customer), str(given.supplier)
    do(riitta, decisions.succeed, "9900001-8", "9900022-9", reason="Fuusio.")
    (told,) = [one for one in mail.outbox if one.to == [matti.email]]
    assert former in told.body and supplier in told.body
    assert reverse("accounts:suppliers") in told.body
    assert [kalle.email] in [one.to for one in mail.outbox]


def test_a_reviewer_reads_before_a_hand_over_which_permissions_end(matti, kalle, given, riitta):
    prospect = preview_succession("9900001-8", "9900022-9", now=clock.now())
    assert prospect.consents == [given]


def test_what_the_successor_has_given_itself_need_not_be_given_anew(matti, kalle, given, riitta):
    linnea = people.make_founder("Linnea Lindqvist", "9900004-2", now=clock.now())
    consent(linnea, kalle)
    do(riitta, decisions.succeed, "9900001-8", "9900004-2", reason="Fuusio.")
    told = [one for one in mail.outbox if "Fuusio." in one.body]
    assert {one.to[0] for one in told} == {matti.email, linnea.email}
    assert not [one for one in told if str(given.supplier) in one.body]


def test_a_supplier_that_succeeds_its_customer_is_not_told_to_be_given_one(
    matti, kalle, given, riitta
):
    do(riitta, decisions.succeed, "9900001-8", "9900008-5", reason="Fuusio.")
    told = [one for one in mail.outbox if "Fuusio." in one.body]
    assert {one.to[0] for one in told} == {matti.email, kalle.email}
    assert not [one for one in told if reverse("accounts:suppliers") in one.body]


@pytest.mark.parametrize(("heir", "sees"), [("own", True), ("supplier", True), ("other", False)])
def test_a_supplier_that_sees_the_orders_with_the_successor_is_told_so(
    matti, kalle, given, riitta, heir, sees
):
    code = "9900008-5" if heir == "supplier" else "9900004-2"
    if heir != "supplier":
        linnea = people.make_founder("Linnea Lindqvist", code, now=clock.now())
    if heir == "own":
        consent(linnea, kalle)
    former, successor = str(given.customer), succession.heir(code, on=clock.day(clock.now())).name
    orders.drain()
    mail.outbox.clear()
    do(riitta, decisions.succeed, "9900001-8", code, reason="Fuusio.")
    mails = [one for one in mail.outbox if one.to == [kalle.email] and "Fuusio." not in one.body]
    (text,) = [" ".join(one.body.split()) for one in mails]
    assert former in text
    assert ("näkee ne siellä edelleen" in text and successor in text) == sees
    assert ("ei enää näe asiakkaan tilauksia" in text) != sees


def test_one_that_ran_out_ended_then_and_nobody_hears_of_it_later(
    matti, kalle, given, riitta, monkeypatch
):
    web_at = clock.start_of_day(given.until + timedelta(days=40))
    monkeypatch.setattr(clock, "now", lambda: web_at)
    again = consent(matti, kalle, until=given.until + timedelta(days=50))
    given.refresh_from_db()
    assert given.last_held == given.until < clock.day(given.ended_at)
    monkeypatch.setattr(clock, "now", lambda: web_at + timedelta(days=30))
    mail.outbox.clear()
    with pytest.raises(services.ConsentOver):
        act(matti, services.end, again.pk)
    do(riitta, oversight.close, given.customer_id, reasons="Toiminta on päättynyt.")
    assert [kalle.email] not in [one.to for one in mail.outbox]
    again.refresh_from_db()
    assert again.ended_at is None
    assert not Event.objects.filter(action="supplier_consent.ended").exists()


def test_both_sides_are_told_once_before_the_last_day(matti, maija, kalle, given, monkeypatch):
    def mailed(days_before):
        at = clock.start_of_day(given.until - timedelta(days=days_before)) + timedelta(hours=9)
        monkeypatch.setattr(clock, "now", lambda: at)
        mail.outbox.clear()
        services.warn_of_ending(now=at)
        orders.drain()
        return {one.to[0]: one for one in mail.outbox}

    assert mailed(31) == {}
    told = mailed(29)  # the job did not run on the day itself
    assert set(told) == {matti.email, kalle.email}
    assert reverse("accounts:suppliers") in told[matti.email].body
    assert reverse("customers:customers") in told[kalle.email].body
    assert mailed(20) == {}
    web = people.log_in(Client(), matti)
    assert "Päättyy pian" in web.get(reverse("accounts:suppliers")).text
    consent(matti, kalle, until=given.until + timedelta(days=300))
    assert "Päättyy pian" not in web.get(reverse("accounts:suppliers")).text


def test_of_a_consent_just_given_for_a_short_time_nobody_is_reminded(matti, kalle):
    now = clock.now()
    short = consent(matti, kalle, until=clock.day(now) + timedelta(days=20))
    services.warn_of_ending(now=now + timedelta(days=6))
    short.refresh_from_db()
    assert short.warned_at is None
    services.warn_of_ending(now=now + timedelta(days=8))
    short.refresh_from_db()
    assert short.warned_at is not None


def test_the_pages_give_and_end_it(matti, kalle, pharmacy):
    web = people.log_in(Client(), matti)
    there = reverse("accounts:suppliers")
    asked = web.post(there, {"business_id": "99000085"})
    assert asked["Location"] == reverse("accounts:consent", args=["9900008-5"])
    page = web.get(asked["Location"])
    assert str(account_of(kalle)) in page.text
    late = web.post(asked["Location"], {"until": "1.1.2990"})
    assert late.status_code == 200 and not SupplierConsent.objects.exists()
    until = clock.day(clock.now()) + timedelta(days=5)
    done = web.post(asked["Location"], {"until": f"{until:%d.%m.%Y}"})
    assert done["Location"] == there
    made = SupplierConsent.objects.get()
    assert (made.supplier, made.until) == (account_of(kalle), until)
    ending = reverse("accounts:end_consent", args=[made.pk])
    assert ending in web.get(there).text
    assert web.post(ending)["Location"] == there
    assert acts_for(kalle, pharmacy) is None
    assert web.post(ending).status_code == 409


@pytest.mark.parametrize("code", ["9900001-8", "9900022-9"])
def test_the_page_says_why_an_organisation_cannot_be_chosen(matti, code):
    web = people.log_in(Client(), matti)
    place = reverse("accounts:consent", args=[code])
    until = f"{clock.day(clock.now()):%d.%m.%Y}"
    page = web.post(place, {"until": until})
    assert page.status_code == 200
    assert code in page.text
    assert not SupplierConsent.objects.exists()


def test_members_who_do_not_administer_find_no_such_page(maija, kalle, given):
    web = people.log_in(Client(), maija)
    assert web.get(reverse("accounts:suppliers")).status_code == 404
    for person in (maija, kalle):
        web = people.log_in(Client(), person)
        assert web.post(reverse("accounts:end_consent", args=[given.pk])).status_code == 404
    assert access.current_membership(maija, given.customer_id)


@pytest.mark.parametrize("page", ["end_consent", "resign_consent"])
def test_what_is_recorded_of_a_refusal_does_not_tell_whether_there_is_a_permission(
    maija, given, page
):
    """Whoever is refused may read it: no key of an account stands there either."""
    web = people.log_in(Client(), maija)
    for key in (given.pk, given.pk + 1):
        assert web.get(reverse(f"accounts:{page}", args=[key])).status_code == 404
    told = Event.objects.filter(action="access.refused").order_by("pk")
    assert list(told.values_list("object_type", "object_id")) == [
        ("supplier_consent", str(given.pk)),
        ("supplier_consent", str(given.pk + 1)),
    ]

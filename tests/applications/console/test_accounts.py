"""Reviewers look after accounts: memberships and accounts are ended, with reasons."""

from datetime import timedelta

import pytest
from django.core import mail

from accounts.access import SECOND_FACTOR_LASTS, actor_for, current_membership
from accounts.models import AccountDecision, Membership, Organisation
from accounts.services.organisations import (
    administrator_requests as recovering,
    found as founding,
    invite as inviting,
    join as joining,
    membership,
    oversight as overseeing,
)
from accounts.services.organisations.administrator_requests import MayNotDecide
from accounts.services.rights import documents
from applications import services
from applications.models import Domain
from applications.rules.domain_record import Outcome
from certportal.dev.builders import orders, people
from certportal.dev.builders.documents import pdf
from certportal.foundation import clock
from certportal.foundation.models import Event
from issuance.models import Certificate, PreparedCertificate
from tests.applications.console.conftest import Desk
from tests.applications.console.oversight import REASONS, given, mails, right, told
from tests.conftest import PHARMACY
from tests.suppliers import consent
from tests.tables import rewrite

INTERMEDIARY = "9900022-9"


def test_an_account_is_found_by_name_and_business_id(desk, pharmacy, seppo_elsewhere):
    place = desk.url("account", pharmacy.pk)
    assert desk.url("accounts") in desk.open("queue").text
    for query in ("apteekki", PHARMACY, PHARMACY.replace("-", "")):
        assert place in desk.open("accounts", q=query).text
    page = desk.open("accounts", q="ei tällaista").text
    assert "No account fits" in page
    page = desk.open("accounts").text
    assert page.index(str(seppo_elsewhere.pk)) < page.index(str(pharmacy.pk))
    page = desk.client.get(place).text
    assert "Matti Meikäläinen" in page
    assert "kaupparekisteri" in page


def test_an_account_is_found_by_its_words_in_any_order_and_without_diacritics(desk, pharmacy):
    rewrite(Organisation.objects.filter(pk=pharmacy.pk), name="Töölön Ølapteekki, Åbo 100 %")
    for query in ("toolon", "TÖÖLÖN olapt", "abo töölön", "Åbo", "100 %"):
        assert desk.url("account", pharmacy.pk) in desk.open("accounts", q=query).text, query
    # As many words as an order is searched by; each would be compared with all names.
    for query in ("p o a t e k i 1 unknown", "a a a a a a a a a unknown"):
        found = desk.url("account", pharmacy.pk) in desk.open("accounts", q=query).text
        assert found == query.startswith("p"), query
    for query in ("tuulon", "t__l_n", "t%n", "toolon turku", "\\"):
        assert desk.url("account", pharmacy.pk) not in desk.open("accounts", q=query).text, query


def test_the_page_leads_to_all_that_is_known_of_the_organisation(
    desk, matti, riitta, pharmacy, cas, now
):
    draft, done = orders.draft(matti), orders.delivered(matti, riitta)
    Domain.objects.create(
        organisation=pharmacy, name="apteekki.example", asked_at=now, outcome=Outcome.PROVEN
    )
    page = desk.open("account", pharmacy.pk).text
    certificate = Certificate.objects.get()
    unit = desk.url("record", "sote_unit", orders.UNIT)
    events = f"{desk.url('events')}?organisation={pharmacy.pk}"
    for known in (desk.url("case", done.pk), certificate.serial, "apteekki.example", unit, events):
        assert known in page
    assert draft.number not in page
    assert done.number in desk.open("queue", q=PHARMACY).text
    assert done.number in desk.client.get(events).text


def test_the_account_with_a_document_comes_before_others_that_are_unconfirmed(
    desk, matti, pharmacy, seppo_elsewhere, now
):
    """Also while a document is held for a form, which is about no account yet."""
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None, basis_note="")
    held, handed_in = (documents.Paper(pdf(words), "liite.pdf") for words in ("Luonnos", "Valtuus"))
    documents.hold(matti, held, form="", actor=actor_for(matti), now=now)
    documents.hand_in(matti, pharmacy, handed_in, actor=actor_for(matti), now=now)
    page = desk.open("accounts").text
    assert page.index(str(pharmacy.pk)) < page.index(str(seppo_elsewhere.pk))


def test_accounts_where_somebody_waits_come_first_and_then_the_newest(
    desk, maija, pharmacy, seppo_elsewhere, now
):
    newest = people.make_founder("Valma Välittäjä", INTERMEDIARY, now=now + timedelta(hours=1))
    paper = documents.Paper(pdf("Valtakirja"), "valtakirja.pdf")
    recovering.ask(
        maija, pharmacy, reason="Eläkkeellä", paper=paper, actor=actor_for(maija), now=now
    )
    clinics = newest.memberships.get().organisation
    page = desk.open("accounts").text
    places = [page.index(str(each.pk)) for each in (pharmacy, seppo_elsewhere, clinics)]
    assert places == sorted(places)


def test_the_register_entry_of_an_intermediary_stands_beside_a_request(desk, maija, now):
    founder = people.make_person("Valma Välittäjä", now=now)
    stated = founding.Statement(Membership.Basis.MANDATE, "toimitusjohtaja")
    account = founding.found(founder, INTERMEDIARY, stated, actor=actor_for(founder), now=now)
    paper = documents.Paper(pdf("Valtakirja"), "valtakirja.pdf")
    asking = recovering.ask(
        maija, account, reason="Eläkkeellä", paper=paper, actor=actor_for(maija), now=now
    )
    shown = desk.open("account", account.pk).context["units"]
    assert shown
    assert desk.open("administrator", asking.pk).context["units"] == shown


def test_what_was_written_too_late_can_be_copied(desk, matti):
    place = desk.url("end_membership", right(matti).pk)
    given = {"reasons": REASONS} | desk.shown(place)
    assert desk.client.post(place, given).status_code == 302
    for site, is_kept in (("same-origin", True), ("cross-site", False)):
        late = desk.client.post(place, given, headers={"Sec-Fetch-Site": site})
        assert (REASONS in late.text) == is_kept


def test_a_closed_account_is_shown_as_closed_and_waits_for_nobody(desk, seppo_elsewhere, now):
    newest = people.make_founder("Valma Välittäjä", INTERMEDIARY, now=now + timedelta(hours=1))
    seppo_elsewhere.business_ids.update(valid_to=clock.day(clock.now()))
    page = desk.open("accounts").text
    assert "Closed" in page
    assert "9900008-5" not in page
    clinics = newest.memberships.get().organisation
    assert page.index(str(clinics.pk)) < page.index(str(seppo_elsewhere.pk))


def test_an_auditor_s_look_at_an_organisation_is_on_record(pharmacy, now):
    anneli = people.make_auditor("Anneli Auditoija", now=now)
    Desk(anneli).open("account", pharmacy.pk)
    event = Event.objects.get(action="page.viewed")
    assert (event.actor, event.object_id) == (f"person:{anneli.pk}", str(pharmacy.pk))


@pytest.fixture
def seppo_elsewhere(sample, now):
    """An account on somebody's word, of other clinics."""
    person = people.make_person("Saara Sivullinen", now=now)
    statement = founding.Statement(Membership.Basis.MANDATE, "johtaja")
    return founding.found(person, "9900008-5", statement, actor=actor_for(person), now=now)


def test_a_membership_is_ended_with_reasons_and_all_concerned_are_told(
    desk, maija, matti, pharmacy, web_of, now
):
    hers = web_of(maija)
    place = desk.url("end_membership", right(maija).pk)
    assert place in desk.open("account", pharmacy.pk).text
    key = right(maija).pk
    assert "Write the reasons" in desk.client.post(place, {"reasons": " "}).text
    assert right(maija)
    assert desk.client.post(place, {"reasons": REASONS} | desk.shown(place)).status_code == 302

    assert current_membership(maija, pharmacy.pk) is None
    assert hers.get("/en/home/").status_code == 302  # the open session has ended
    assert told() == sorted([str(maija.pk), str(matti.pk)])
    letters = mails(now)
    assert "Maija" in letters[matti.email].text
    assert REASONS in letters[maija.email].text
    event = Event.objects.get(action="membership.ended_by_authority")
    assert event.object_id == str(key)
    assert REASONS not in str(event.data)
    assert REASONS in desk.open("account", pharmacy.pk).text
    assert desk.client.post(place, {"reasons": REASONS}).status_code == 409


def test_the_page_tells_what_the_membership_carries_before_it_ends(
    desk, maija, matti, riitta, pharmacy, cas, now
):
    draft, waiting = orders.draft(maija), orders.in_review(maija)
    done, other = orders.delivered(maija, riitta), orders.submitted(matti)
    maija.memberships.update(role=Membership.Role.ADMINISTRATOR)
    invite = {"role": "applicant", "language": "fi", "by": maija, "actor": actor_for(maija)}
    inviting.invite(pharmacy, "uuno@example.fi", **invite, now=clock.now())

    page = desk.open("end_membership", right(maija).pk).text

    assert waiting.number in page
    assert "erecept.example.fi" in page  # the certificate in force
    assert desk.url("case", done.pk) in page
    assert "1 draft" in page
    assert "uuno@example.fi" in page
    for one in (draft, other):
        assert one.number not in page


def test_what_was_approved_on_the_member_s_word_comes_back_to_review(
    desk, maija, matti, riitta, cas
):
    case, other = orders.claimed(maija, riitta), orders.claimed(matti, riitta)
    orders.approve(riitta, case)
    orders.approve(riitta, other)

    services.end_membership(right(maija).pk, **given(riitta))

    for one, status in ((case, "in_review"), (other, "approved")):
        one.refresh_from_db()
        assert one.status == status
    assert PreparedCertificate.objects.filter(reference=case.pk, state="void").exists()
    mail.outbox.clear()
    orders.drain()
    assert [one.reference for one in Certificate.objects.all()] == [other.pk]
    (to_holder,) = [one for one in mail.outbox if one.to == [riitta.email]]
    assert case.number in to_holder.subject
    assert "Peruste: viranomainen päätti tilauksen lähettäjän jäsenyyden" in to_holder.body


def test_the_last_administrator_goes_too_and_anybody_may_ask_at_once(
    matti, riitta, kalle, pharmacy
):
    now = clock.now()
    with pytest.raises(membership.LastAdministrator):
        membership.remove(right(matti).pk, by=matti, actor=actor_for(matti), now=now)
    services.end_membership(right(matti).pk, **given(riitta))
    assert recovering.may_ask(kalle, pharmacy, now=now)


@pytest.mark.parametrize("step", ["end_membership", "withdraw_right"])
def test_the_pages_name_the_suppliers_that_the_person_let_in(desk, matti, pharmacy, kalle, step):
    made = consent(matti, kalle)
    for place in (
        desk.url("account", pharmacy.pk),
        desk.url("account", made.supplier_id),
        desk.url(step, right(matti).pk),
        desk.url("close_account", pharmacy.pk),
    ):
        page = desk.client.get(place).text
        assert f"{made.supplier} for {pharmacy}, until" in page
    assert (
        made.supplier.name not in desk.open(step, right(kalle).pk).text.split("What it affects")[1]
    )
    place = desk.url(step, right(matti).pk)
    desk.client.post(place, {"reasons": REASONS} | desk.shown(place))
    made.refresh_from_db()
    assert made.ended_at is not None
    assert AccountDecision.objects.get().followed["consents_ended"] == 1
    page = desk.open("account", pharmacy.pk).text
    assert "Permissions of suppliers ended" in page
    assert str(made.supplier) not in page


def test_an_account_is_closed(desk, matti, maija, riitta, pharmacy, kalle, web_of, cas, now):
    joining.ask(kalle, PHARMACY, actor=actor_for(kalle), now=now)
    done, opened = orders.delivered(matti, riitta), orders.in_review(maija)
    place = desk.url("close_account", pharmacy.pk)
    assert place in desk.open("account", pharmacy.pk).text
    page = desk.client.get(place).text
    for words in (opened.number, "Matti", "Maija", desk.url("case", done.pk)):
        assert words in page
    assert desk.client.post(place, {"reasons": REASONS} | desk.shown(place)).status_code == 302

    assert not pharmacy.memberships.filter(ended_at=None).exists()
    assert not pharmacy.business_ids.filter(valid_to=None).exists()
    assert told() == sorted(str(one.pk) for one in (matti, maija, kalle))
    assert mails(now)[matti.email].subject
    assert Event.objects.get(action="organisation.closed").actor == f"person:{riitta.pk}"
    assert Certificate.objects.get().state == Certificate.State.ISSUED
    assert desk.open("case", opened.pk).status_code == 200
    assert desk.client.post(place, {"reasons": REASONS}).status_code == 409
    # Whoever acts for the organisation founds a new account.
    statement = founding.Statement(Membership.Basis.MANDATE, "proviisori")
    again = founding.found(kalle, PHARMACY, statement, actor=actor_for(kalle), now=clock.now())
    assert again.pk != pharmacy.pk
    assert done.number not in web_of(kalle).get("/en/home/").text


def test_links_of_technical_contacts_end_with_the_account(pharmacy, matti, riitta, cas):
    order = orders.delivered(matti, riitta)  # whose link opens it for a month
    order.refresh_from_db()
    link = order.contact_links.create(
        holder="technical_contact",
        email=order.technical_email or "tekniikka@example.fi",
        token_hash="x" * 64,
        made_at=clock.now(),
    )
    services.close_account(pharmacy.pk, **given(riitta))
    link.refresh_from_db()
    assert link.revoked_at is not None
    assert Event.objects.filter(action="application.links_ended").exists()


def test_an_account_that_somebody_asks_for_is_not_closed(contested, riitta):
    with pytest.raises(overseeing.RequestsWait):
        services.close_account(contested.organisation_id, **given(riitta))
    assert Organisation.objects.get().business_ids.filter(valid_to=None).exists()


def test_two_accounts_are_merged_from_the_account_s_page(desk, pharmacy, kalle):
    place = f"{desk.url('succession')}?former={PHARMACY}"
    assert place in desk.open("account", pharmacy.pk).text
    assert PHARMACY in desk.client.get(place).text


@pytest.mark.parametrize("days", [None, 364])
def test_nobody_decides_where_they_belong_or_did_within_the_year(
    desk, riitta, maija, matti, pharmacy, days
):
    now = clock.now()
    ended = now - timedelta(days=days) if days else None
    joined = {"basis": "invitation", "role": "applicant", "begun_at": now - timedelta(days=800)}
    riitta.memberships.create(organisation=pharmacy, ended_at=ended, **joined)
    for act, key in (
        (services.end_membership, right(maija).pk),
        (services.withdraw_right, right(matti).pk),
        (services.close_account, pharmacy.pk),
    ):
        with pytest.raises(MayNotDecide):
            act(key, **given(riitta))
    place = desk.url("end_membership", right(maija).pk)
    assert "another reviewer must decide" in desk.client.get(place).text
    assert desk.client.post(place, {"reasons": REASONS}).status_code == 403
    page = desk.open("account", pharmacy.pk).text
    assert place not in page


def test_nobody_else_decides_and_nobody_else_sees(matti, maija, kalle, pharmacy, web_of):
    for person in (matti, kalle):
        with pytest.raises(MayNotDecide):
            services.close_account(pharmacy.pk, **given(person))
        browser = web_of(person)
        for place in (
            "/en/console/accounts/",
            f"/en/console/accounts/{pharmacy.pk}/",
            f"/en/console/accounts/{pharmacy.pk}/close/",
            f"/en/console/accounts/members/{right(maija).pk}/end/",
            f"/en/console/accounts/members/{right(matti).pk}/withdraw/",
            f"/en/console/accounts/members/{right(matti).pk}/confirm/",
        ):
            assert browser.get(place).status_code == 404
            assert browser.post(place, {"reasons": REASONS}).status_code == 404


def test_the_second_factor_is_proven_again_first(desk, maija):
    desk.confirm(clock.now() - SECOND_FACTOR_LASTS - timedelta(minutes=1))
    place = desk.url("end_membership", right(maija).pk)
    assert "/second-factor/" in desk.client.get(place).url
    page = desk.client.post(place, {"reasons": REASONS})
    assert "/second-factor/" in page.text and REASONS in page.text
    assert f"End the membership: Maija Mallikas, {right(maija).organisation}" in page.text
    assert right(maija)


def test_the_reasons_are_blanked_in_time(maija, riitta):
    services.end_membership(right(maija).pk, **given(riitta))
    services.erase_expired(now=clock.now() + timedelta(days=366 * 5))
    assert AccountDecision.objects.get().reasons == ""

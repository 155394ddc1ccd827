"""Who has a part in an order decides nothing about it; the authority counts by the same rule."""

import uuid
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from accounts import access
from accounts.models import Membership
from accounts.services.organisations import administrator_requests, join, membership
from accounts.services.organisations.administrator_requests import MayNotDecide
from accounts.services.rights import staff_roles
from accounts.services.rights.confirm import OwnRight
from accounts.services.rights.documents import Paper
from applications import services
from applications.errors import ReasonsMissing
from applications.models import HostName
from applications.rules import impartiality
from applications.services.reviewer.may_act import FactsChanged
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.dev.builders.documents import pdf
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.text.mail_addresses import address_mark
from issuance import services as authority
from issuance.models import Approval
from issuance.services.errors import Concerned, OwnOrganisationLately
from issuance.services.issuing.approve import approval_state
from tests.applications import waivers
from tests.conftest import CLINICS, PHARMACY

PARTS = ["contact_email", "technical_email", "deputy_email", "mailbox"]


def name(application, field, person):
    """Write the person's address on the order, in capitals."""
    setattr(application, field, person.email.upper())
    application.save(update_fields=[field])


@pytest.mark.parametrize("field", PARTS)
def test_who_is_named_by_address_handles_nothing_of_the_case(matti, riitta, cas, field):
    case = orders.in_review(matti)
    name(case, field, riitta)
    with pytest.raises(Concerned):
        services.claim(case.pk, person=riitta, **orders.Handler(riitta, case).seen)
    refusal = impartiality.bias(riitta, case, now=clock.now())
    assert isinstance(refusal, Concerned)
    people.verify(riitta, "riitta.uusi@example.fi", now=clock.now())
    with pytest.raises(Concerned):  # the order names her by her former address
        services.claim(case.pk, person=riitta, **orders.Handler(riitta, case).seen)


@pytest.mark.parametrize("spelled", ['"riitta"@example.fi', "riitta@ex\u00adample.fi"])
def test_who_is_named_by_another_spelling_of_their_address_handles_nothing(
    matti, riitta, cas, spelled
):
    case = orders.in_review(matti)
    case.technical_email = spelled
    case.save(update_fields=["technical_email"])
    with pytest.raises(Concerned):
        services.claim(case.pk, person=riitta, **orders.Handler(riitta, case).seen)


def test_who_uploaded_the_request_approves_nothing(matti, riitta, raimo, cas):
    case = orders.claimed(matti, raimo)
    request = case.csr
    request.pk, request.uploaded_by = uuid.uuid4(), f"person:{riitta.pk}"
    request.save(force_insert=True)
    with pytest.raises(Concerned):
        orders.approve(riitta, case)


def test_the_authority_counts_no_approval_of_somebody_concerned(matti, riitta, raimo, cas):
    case = orders.in_review(matti)
    name(case, "technical_email", riitta)
    services.claim(case.pk, person=raimo, **orders.Handler(raimo, case).seen)
    orders.drain()
    prepared = orders.prepared(case)
    now = clock.now()
    with pytest.raises(Concerned):
        authority.approve(
            prepared.pk,
            person=riitta,
            reauthenticated_at=now,
            expected_sha256=prepared.tbs_sha256,
            now=now,
        )
    # A row that got past the check counts for nothing either.
    Approval.objects.create(
        prepared=prepared, person=riitta, role="reviewer", reauthenticated_at=now, created_at=now
    )
    assert approval_state(prepared).given == 0


def test_nor_of_whom_another_spelling_of_their_address_names(matti, riitta, raimo, cas):
    case = orders.in_review(matti)
    case.technical_email = "riitta@xn--kk-uia8e.fi"
    case.save(update_fields=["technical_email"])
    services.claim(case.pk, person=raimo, **orders.Handler(raimo, case).seen)
    orders.drain()
    prepared, at = orders.prepared(case), {"reauthenticated_at": clock.now()}
    at["created_at"] = at["reauthenticated_at"]
    Approval.objects.create(prepared=prepared, person=riitta, role="reviewer", **at)
    assert approval_state(prepared).given == 1
    people.verify(riitta, "riitta@äkkö.fi", now=clock.now())
    assert approval_state(prepared).given == 0


def test_who_is_named_in_the_order_confirms_no_right_that_it_awaits(matti, riitta, raimo, cas):
    right = matti.memberships.get()
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    case = orders.in_review(matti)
    name(case, "technical_email", riitta)
    given = {"note": "Kaupparekisteri", "actor": system("test"), "now": clock.now()}
    with pytest.raises(Concerned):
        services.confirm_right(right.pk, person=riitta, **given)
    assert matti.memberships.get().is_unconfirmed
    services.confirm_right(right.pk, person=raimo, **given)
    assert matti.memberships.get().confirmed_by == raimo


def test_who_is_named_in_an_order_makes_nobody_administrator_on_whose_right_it_rests(
    matti, maija, riitta, raimo, cas
):
    organisation = maija.memberships.get().organisation
    organisation.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    paper = Paper(pdf("Valtakirja"), "valtakirja.pdf")
    given = {"actor": system("test"), "now": clock.now()}
    asked = administrator_requests.ask(
        maija, organisation, reason="Sijainen.", paper=paper, **given
    )
    case = orders.in_review(maija)
    name(case, "technical_email", riitta)
    given |= {"grant": True, "reasons": "Pöytäkirja."}
    with pytest.raises(Concerned):
        services.decide_administrator(asked.pk, person=riitta, **given)
    assert maija.memberships.get().is_unconfirmed
    web = people.log_in(Client(), riitta)
    for part in (
        f"administrators/{asked.pk}/",
        f"accounts/members/{maija.memberships.get().pk}/confirm/",
        f"{case.pk}/right/",
    ):
        page = web.get(f"/en/console/{part}").text
        assert "have a part in an order of this organisation" in page
        assert not {'name="note"', 'name="reasons"'} & set(page.split())
    services.decide_administrator(asked.pk, person=raimo, **given)
    assert maija.memberships.get().confirmed_by == raimo


def test_who_is_named_in_the_order_of_an_unconfirmed_administrator_grants_without_ending_it(
    matti, maija, riitta, cas
):
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    given = {"actor": system("test"), "now": clock.now()}
    paper = Paper(pdf("Valtakirja"), "valtakirja.pdf")
    account = matti.memberships.get().organisation
    # Maija's own right rests on nothing of Matti's.
    maija.memberships.update(basis=Membership.Basis.REVIEWER_DECISION, confirmed_at=clock.now())
    asked = administrator_requests.ask(maija, account, reason="Sijainen.", paper=paper, **given)
    for _order in range(2):
        name(orders.in_review(matti), "technical_email", riitta)
    decision = given | {"grant": True, "reasons": "Pöytäkirja.", "person": riitta}
    with pytest.raises(Concerned):
        services.decide_administrator(asked.pk, alone=True, **decision)

    page = people.log_in(Client(), riitta).get(f"/en/console/administrators/{asked.pk}/")
    assert page.text.count("have a part in an order of this organisation") == 1
    assert [key for key, _label in page.context["form"].fields["decision"].choices] == [
        "grant",
        "refuse",
    ]
    services.decide_administrator(asked.pk, **decision)
    assert maija.memberships.get().role == Membership.Role.ADMINISTRATOR
    assert matti.memberships.filter(ended_at=None).exists()


def test_of_a_request_to_administer_no_reviewer_is_mailed_who_would_be_refused(
    matti, maija, riitta, raimo, cas
):
    name(orders.in_review(maija), "technical_email", riitta)
    orders.drain()
    mail.outbox.clear()
    account = maija.memberships.get().organisation
    paper = Paper(pdf("Valtakirja"), "valtakirja.pdf")
    given = {"paper": paper, "actor": system("test"), "now": clock.now()}
    administrator_requests.ask(maija, account, reason="Sijainen.", **given)
    orders.drain()
    asking = [one for one in mail.outbox if "/console/administrators/" in one.body]
    assert [one.to for one in asking] == [[raimo.email]]


def test_who_is_named_in_an_open_order_ends_no_membership_right_or_account_it_rests_on(
    matti, maija, riitta, raimo, cas
):
    name(orders.in_review(maija), "deputy_email", riitta)
    account, founder = maija.memberships.get().organisation, matti.memberships.get()
    given = {"reasons": "Ei edusta apteekkia.", "actor": system("test"), "now": clock.now()}
    decisions = [
        (services.end_membership, maija.memberships.get().pk),
        (services.withdraw_right, founder.pk),
        (services.close_account, account.pk),
    ]
    for decide, key in decisions:
        with pytest.raises(Concerned):
            decide(key, person=riitta, **given)
    web = people.log_in(Client(), riitta)
    for part in (
        f"members/{maija.memberships.get().pk}/end/",
        f"members/{founder.pk}/withdraw/",
        f"{account.pk}/close/",
    ):
        page = web.get(f"/en/console/accounts/{part}").text
        assert "have a part in an order of this organisation" in page
        assert 'name="reasons"' not in page
    services.end_membership(maija.memberships.get().pk, person=raimo, **given)


def test_nor_hands_them_over_to_a_successor(matti, kalle, riitta, cas):
    name(orders.in_review(matti), "deputy_email", riitta)
    given = {"reason": "Sulautuminen.", "actor": system("test"), "now": clock.now()}
    with pytest.raises(Concerned):
        services.succeed(PHARMACY, CLINICS, person=riitta, **given)


def test_nor_withdraws_a_waiver_they_rest_on(matti, riitta, raimo, cas):
    first = waivers.in_hand(matti, riitta)
    waiver = waivers.waive(riitta, first)
    orders.drain()
    for reviewer in (riitta, raimo):
        orders.press_approve(reviewer, first)
    orders.drain()
    second, rosa = waivers.in_hand(matti, raimo), people.make_reviewer("Rosa Ratkaisija")
    given = {"reason": "Sopimus päättyi.", "actor": system("test"), "now": clock.now()}
    name(second, "technical_email", rosa)
    with pytest.raises(Concerned):
        services.withdraw_waiver(waiver.pk, person=rosa, **given)
    page = people.log_in(Client(), rosa).get(f"/en/console/waivers/{waiver.pk}/").text
    assert "have a part in an order of this organisation" in page
    services.withdraw_waiver(waiver.pk, person=raimo, **given)


def test_another_address_of_hers_is_somebody_elses(matti, riitta, cas):
    case = orders.in_review(matti)
    name(case, "contact_email", riitta)
    case.contact_email = "joku.muu@example.fi"
    case.save(update_fields=["contact_email"])
    assert impartiality.bias(riitta, case, now=clock.now()) is None


def test_who_left_the_organisation_within_the_year_decides_none_of_its_changes(
    matti, maija, riitta, now
):
    staff_roles.grant_reviewer(maija, by=riitta, actor=system("test"), now=now)
    organisation = maija.memberships.get().organisation
    maija.memberships.update(ended_at=now - timedelta(days=200))
    refusal = impartiality.partiality(maija, organisation.pk, now=now)
    assert isinstance(refusal, OwnOrganisationLately)
    later = now + timedelta(days=200)
    assert impartiality.partiality(maija, organisation.pk, now=later) is None


def test_who_asks_to_administer_an_account_decides_nothing_about_it(matti, maija, riitta, cas, now):
    account, founder = matti.memberships.get().organisation, matti.memberships.get()
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    paper = Paper(pdf("Valtakirja"), "valtakirja.pdf")
    asked = {
        one: administrator_requests.ask(
            one, account, reason="Sijainen.", paper=paper, actor=system("test"), now=now
        )
        for one in (riitta, maija)
    }
    given = {"person": riitta, "actor": system("test"), "now": now}
    refuse = {"grant": False, "reasons": "Ei ole."}
    with pytest.raises(MayNotDecide):
        services.decide_administrator(asked[maija].pk, **refuse, **given)
    for decide in (services.end_membership, services.withdraw_right):
        with pytest.raises(MayNotDecide):
            decide(founder.pk, reasons="Ei edusta.", **given)
    with pytest.raises(OwnRight):
        services.confirm_right(founder.pk, note="Kaupparekisteri", **given)
    refusal = impartiality.bias(riitta, orders.in_review(matti), now=now)
    assert isinstance(refusal, OwnOrganisationLately)


def test_who_asked_to_join_within_the_year_is_not_counted_by_the_authority(
    matti, riitta, raimo, cas, now
):
    case = orders.claimed(matti, raimo)
    orders.give_evidence(raimo, case)
    join.ask(riitta, PHARMACY, actor=system("test"), now=now)
    with pytest.raises(OwnOrganisationLately):
        orders.press_approve(riitta, case)
    prepared = orders.prepared(case)
    facts = {"role": "reviewer", "reauthenticated_at": now, "created_at": now}
    Approval.objects.create(prepared=prepared, person=riitta, **facts)
    assert approval_state(prepared).given == 0
    riitta.join_requests.update(settled_at=now)
    later = now + timedelta(days=364)
    assert access.is_partial(riitta, case.organisation_id, now=later)
    assert not access.is_partial(riitta, case.organisation_id, now=later + timedelta(days=2))


def test_an_exposed_key_is_revoked_by_anybody_on_duty_and_the_others_are_told(
    matti, riitta, raimo, cas
):
    case = orders.delivered(matti, raimo)
    name(case, "technical_email", riitta)
    given = {"person": riitta, "actor": system("test"), "now": clock.now()}
    mail.outbox.clear()
    revoked = services.revoke_exposed(case.pk, words="Avain oli julkisessa repossa.", **given)
    assert revoked.revocation_reason == "key_compromise"
    orders.drain()
    told = [one for one in mail.outbox if "Avain oli julkisessa repossa." in one.body]
    assert [one.to for one in told] == [[raimo.email]]


def test_the_applicants_word_alone_takes_reasons_and_two_persons(matti, riitta, raimo, cas):
    case = orders.claimed(matti, riitta)
    host = case.host_names.first()
    given = {"evidence": HostName.Evidence.DECLARED, "person": riitta}
    with pytest.raises(ReasonsMissing):
        services.set_evidence(
            case.pk, host.pk, note=" ", **given, **orders.Handler(riitta, case).seen
        )
    words = "Verkkotunnus on kuntayhtymän, ilmoitus sopimuksesta."
    given |= orders.Handler(riitta, case).seen
    services.set_evidence(case.pk, host.pk, note=words, **given)
    case.host_names.exclude(pk=host.pk).update(evidence="registry")
    orders.press_approve(riitta, case)
    case.refresh_from_db()
    assert case.status == "in_review"
    orders.press_approve(raimo, case)
    case.refresh_from_db()
    assert case.status == "approved"


def test_the_sender_who_left_is_noticed_before_approval_and_before_signing(
    matti, maija, riitta, cas
):
    case = orders.claimed(maija, riitta)
    orders.approve(riitta, case)
    end(maija)
    orders.drain()
    case.refresh_from_db()
    assert case.status == "in_review"
    assert case.findings[0]["rule"] == "order.sender_left"
    services.claim(case.pk, person=riitta, **orders.Handler(riitta, case).seen)
    orders.drain()
    case.refresh_from_db()
    with pytest.raises(FactsChanged):
        orders.approve(riitta, case)


def end(person):
    """Let the administrator end the membership of a colleague."""
    held = person.memberships.get(ended_at=None)
    act(held.organisation.founded_by, membership.remove, held.pk)


def test_those_with_a_part_in_many_orders_are_found_in_as_few_queries_as_of_one(
    matti, maija, riitta, cas, django_assert_num_queries
):
    many = [orders.in_review(matti), orders.delivered(maija, riitta), orders.draft(matti)]
    seen = orders.Handler(maija, many[0]).seen
    services.add_information(many[0].pk, text="Lisää.", person=maija, **seen)
    for some in (many[:1], many):
        with django_assert_num_queries(1):
            found = impartiality.traces_of(some)
    assert found == {one.pk: impartiality.traces(one) for one in many}
    assert f"person:{maija.pk}" in found[many[0].pk]
    assert f"person:{matti.pk}" not in found[many[1].pk]
    assert address_mark("matti@example.fi") in found[many[1].pk]

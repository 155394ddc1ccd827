"""Every night: what has changed in the registers under certificates in force."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.db import transaction

from accounts.access import actor_for
from accounts.models import Membership
from accounts.register.models import Kind, RegisterRecord
from accounts.services.organisations import follow_register
from accounts.services.people import merge
from accounts.services.rights import staff_roles
from applications import services
from applications.mail import register
from applications.models.register_task import RegisterTask
from applications.register_watch import survey
from applications.services.reviewer.may_act import FactsChanged
from certportal.dev.builders import orders, people
from certportal.dev.builders.register import announce, change
from certportal.foundation import clock
from certportal.foundation.models import Event
from issuance.models import Certificate
from issuance.services.errors import Concerned
from tests.applications.at_once import Beside
from tests.conftest import CLINICS
from tests.tables import rewrite

INTERMEDIARY = "9900023-7"

Change, Outcome = RegisterTask.Change, RegisterTask.Outcome
UNIT = "1.2.246.10.99000085.10.2"
PROVIDER = "1.2.246.10.99000085.10.0"


def watch():
    services.watch_register(now=clock.now())
    return list(RegisterTask.objects.order_by("pk"))


def test_with_nothing_changed_there_is_nothing_to_decide(order):
    assert watch() == []


def test_a_change_that_no_certificate_rests_on_is_none_of_our_business(order, matti):
    change("1.2.246.10.99000093.10.0", long_name="Toinen hyvinvointialue")
    assert watch() == []


def test_an_ended_unit_is_brought_up_with_its_certificates(order):
    yesterday = clock.day(clock.now()) - timedelta(days=1)
    change(orders.UNIT, valid_to=yesterday)
    (task,) = watch()
    assert (task.change, task.proposal) == (Change.ENDED, Outcome.REVOKE)
    assert task.organisation == order.organisation
    assert [one.reference for one in task.certificates.all()] == [order.pk]
    assert task.values["standing"] == ["register_standing", "register_ended"]
    assert task.then.pk != task.present.pk


def test_a_validity_that_runs_out_by_itself_is_noticed_without_an_import(matti, riitta, cas):
    today = clock.day(clock.now())
    change(orders.UNIT, valid_to=today)
    orders.delivered(matti, riitta)
    assert watch() == []
    services.watch_register(now=clock.now() + timedelta(days=1))
    assert RegisterTask.objects.get().change == Change.ENDED


@pytest.mark.parametrize(
    ("fields", "kind", "proposal"),
    [
        ({"status": "DELETED"}, Change.ENDED, Outcome.REVOKE),
        ({"long_name": "Helsingin uusi apteekki"}, Change.RENAMED, Outcome.REISSUE),
        ({"municipality_name": "Vantaa"}, Change.RENAMED, Outcome.REISSUE),
        ({"business_id": CLINICS}, Change.MERGED, Outcome.REISSUE),
        ({"sector": 1}, Change.SECTOR, Outcome.NOTHING),
    ],
)
def test_each_kind_of_change_has_its_proposal(order, fields, kind, proposal):
    change(orders.UNIT, **fields)
    (task,) = watch()
    assert (task.change, task.proposal) == (kind, proposal)


def test_an_abbreviation_an_address_or_a_place_in_the_tree_changes_no_certificate(order):
    change(orders.UNIT, abbreviation="Uusi lyhenne", street_address="Mallikatu 99")
    change(orders.UNIT, parent_oid="1.2.246.10.99000018.10.1")
    assert watch() == []


def test_a_code_given_to_another_unit_is_not_taken_for_the_same(order):
    tomorrow = clock.now() + timedelta(days=1)
    announce(orders.UNIT, long_name="Aivan toinen apteekki", business_id=CLINICS)
    services.watch_register(now=tomorrow)
    found = {task.change: task.proposal for task in RegisterTask.objects.all()}
    assert found == {Change.MERGED: Outcome.REISSUE, Change.RENAMED: Outcome.REISSUE}


def test_a_unit_s_name_stands_in_signatures_but_not_in_servers(kalle, riitta, cas):
    orders.delivered(kalle, riitta, "test_server", unit=UNIT)
    change(UNIT, long_name="Uusi toimipiste")
    (task,) = watch()
    assert (task.record_oid, task.proposal) == (UNIT, Outcome.NOTHING)
    orders.delivered(kalle, riitta, "test_system_signature", unit=UNIT)
    change(UNIT, long_name="Uusin toimipiste")
    (task,) = [one for one in watch() if one.is_open]
    assert (task.certificates.count(), task.proposal) == (2, Outcome.REISSUE)


@pytest.mark.parametrize("at_once", [1, 5000])
def test_a_provider_s_new_name_is_one_task_for_all_its_units(
    kalle, riitta, cas, monkeypatch, at_once
):
    monkeypatch.setattr(survey, "AT_ONCE", at_once)
    orders.delivered(kalle, riitta, "test_server", unit=UNIT)
    orders.delivered(kalle, riitta, "test_server", unit=PROVIDER)
    change(PROVIDER, long_name="Koivuranta Terveys Oy")
    (task,) = watch()
    assert (task.record_oid, task.certificates.count()) == (PROVIDER, 2)
    assert task.proposal == Outcome.REISSUE


def test_a_provider_s_end_is_told_once_and_not_where_its_unit_lives_on(kalle, riitta, cas):
    orders.delivered(kalle, riitta, "test_server", unit=UNIT)
    change(UNIT, business_id="9900009-3", provider_oid="1.2.246.10.99000093.10.0")
    change(PROVIDER, status="DELETED")
    (task,) = watch()
    assert task.change == Change.MERGED
    change(UNIT, status="DELETED")
    assert [one.change for one in watch() if one.is_open] == [Change.ENDED]


def test_a_removed_intermediary(riitta, cas, sample, now):
    record = RegisterRecord.objects.get(kind=Kind.INTERMEDIARY, business_id=INTERMEDIARY)
    broker = people.make_founder("Veera Välittäjä", record.business_id, now=now)
    order = orders.begin(broker, "test_server")
    filled = orders.sections(orders.CertificateType.TEST_SERVER)
    for section in filled.keys() - {"unit"}:
        seen = orders.Handler(broker, order).seen
        services.save_section(order.pk, section, filled[section], **seen)
    orders.upload(broker, order, orders.openssl_csr())
    orders.submit(broker, order)
    orders.finish(broker, riitta, order)
    change(record.oid, Kind.INTERMEDIARY, valid_to=clock.day(now) - timedelta(days=1))
    (task,) = watch()
    assert (task.change, task.proposal) == (Change.INTERMEDIARY, Outcome.REVOKE)


def test_the_same_change_is_brought_up_once_whatever_was_decided(order, riitta):
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    (task,) = watch()
    assert watch() == [task]
    decide(task, riitta, Outcome.NOTHING)
    assert watch() == [task]
    change(orders.UNIT, long_name="Helsingin uusin apteekki")
    assert len(watch()) == 2


def test_a_change_that_was_taken_back_closes_its_task(order):
    name = RegisterRecord.objects.get(oid=orders.UNIT, known_to=None).long_name
    change(orders.UNIT, long_name="Erehdys")
    watch()
    change(orders.UNIT, long_name=name)
    (task,) = watch()
    assert (task.outcome, task.decided_by) == (Outcome.OVER, None)


@pytest.mark.parametrize("decided", [True, False])
def test_a_change_that_comes_again_is_brought_up_again(order, riitta, decided):
    change(orders.UNIT, status="DELETED")
    (first,) = watch()
    if decided:
        decide(first, riitta, Outcome.NOTHING, "THL poisti erehdyksessä.")
    change(orders.UNIT, status="ACTIVE")
    assert [one.is_open for one in watch()] == [False]
    change(orders.UNIT, status="DELETED")
    _, second = watch()
    assert (second.is_open, second.values) == (True, first.values)
    assert watch()[-1] == second


def test_what_is_no_longer_in_force_is_not_watched(order):
    Certificate.objects.update(state="revoked", revoked_at=clock.now(), revocation_reason="x")
    change(orders.UNIT, status="DELETED")
    assert watch() == []


def test_an_import_that_changes_something_wakes_the_watch_and_renames_the_account(order):
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    done = orders.drain()
    assert done.count("register.changed") == 2
    assert RegisterTask.objects.get().is_open
    order.organisation.refresh_from_db()
    assert order.organisation.name == "Helsingin uusi apteekki"


def test_an_account_is_not_renamed_before_the_day(order):
    announce(orders.UNIT, long_name="Helsingin uusi apteekki")
    orders.drain()
    order.organisation.refresh_from_db()
    assert order.organisation.name == "Helsingin VI apteekki"
    assert not RegisterTask.objects.exists()


def test_an_account_is_renamed_on_the_day_without_an_import(order):
    announce(orders.UNIT, long_name="Helsingin uusi apteekki")
    tomorrow = clock.now() + timedelta(days=1)
    follow_register.follow_register(now=tomorrow)
    order.organisation.refresh_from_db()
    assert order.organisation.name == "Helsingin uusi apteekki"
    services.watch_register(now=tomorrow)
    assert RegisterTask.objects.get().change == Change.RENAMED


def test_a_new_name_that_was_known_before_is_noticed_on_its_day(kalle, riitta, cas):
    announce(PROVIDER, long_name="Koivuranta Terveys Oy")
    orders.delivered(kalle, riitta, "test_server", unit=UNIT)
    orders.delivered(kalle, riitta, "test_server", unit=PROVIDER)
    assert watch() == []
    services.watch_register(now=clock.now() + timedelta(days=1))
    task = RegisterTask.objects.get()
    assert (task.record_oid, task.certificates.count()) == (PROVIDER, 2)
    assert task.values["long_name"] == ["Koivupiha Terveys Oy", "Koivuranta Terveys Oy"]


def test_administrators_are_told_of_the_change_and_of_the_decision(order, riitta):
    mail.outbox.clear()
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    orders.drain()
    (told,) = mail.outbox
    assert told.to == ["matti@example.fi"]
    assert "Helsingin uusi apteekki" in told.body
    assert Certificate.objects.get().serial in told.body
    decide(RegisterTask.objects.get(), riitta, Outcome.REISSUE, "Nimi on todistuksessa.")
    orders.drain()
    assert "Nimi on todistuksessa." in mail.outbox[-1].body


def test_an_administrator_who_is_not_confirmed_is_told_of_their_own_certificates_only(
    matti, pharmacy, riitta, cas, now
):
    """A test certificate needs no confirmed right; Saara, too, administers on her word alone."""
    saara = people.make_member("Saara Sivullinen", pharmacy, role="administrator", now=now)
    orders.delivered(matti, riitta, "test_server")
    for person in (matti, saara):
        person.memberships.update(basis=Membership.Basis.UNVERIFIED)
    mail.outbox.clear()
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    orders.drain()
    assert [one.to for one in mail.outbox] == [["matti@example.fi"]]


def test_a_notice_about_more_certificates_than_it_lists_says_how_many(order, monkeypatch):
    monkeypatch.setattr(register, "LISTED", 0)
    mail.outbox.clear()
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    orders.drain()
    (told,) = mail.outbox
    assert Certificate.objects.get().serial not in told.body
    assert "kaikkiaan 1." in told.body


def test_a_decision_to_revoke_is_one_of_two_persons_and_says_why(order, riitta, raimo):
    change(orders.UNIT, status="DELETED")
    (task,) = watch()
    decide(task, riitta, Outcome.REVOKE, "Yksikkö on lakannut.")
    assert Certificate.objects.get().state == "issued"
    event = Event.objects.get(action="register_task.decided")
    assert (event.actor, event.data["outcome"]) == (f"person:{riitta.pk}", "revoke")
    proposal = order.revocation_proposals.get()
    services.confirm_proposal(proposal.pk, person=raimo, actor=actor_for(raimo), now=clock.now())
    certificate = Certificate.objects.get()
    assert (certificate.state, certificate.revocation_reason) == (
        "revoked",
        "cessation_of_operation",
    )
    asked = order.revocation_requests.get()
    assert (asked.person, asked.words) == (riitta, "Yksikkö on lakannut.")
    assert watch() == [task]


@pytest.mark.django_db(transaction=True)
def test_a_certificate_found_while_its_task_is_decided_gets_a_task_of_its_own(order, matti, riitta):
    late = orders.delivered(matti, riitta)
    certificate = Certificate.objects.filter(reference=late.pk)
    key = certificate.values_list("pk", flat=True).get()
    rewrite(certificate, reference=uuid4())  # not found at the first survey
    change(orders.UNIT, status="DELETED")
    (task,) = watch()
    rewrite(Certificate.objects.filter(pk=key), reference=late.pk)
    with transaction.atomic():
        decide(task, riitta, Outcome.REVOKE, "Yksikkö on lakannut.")
        survey = Beside(watch)
    assert survey.end() is None
    first, second = RegisterTask.objects.order_by("pk")
    assert [one.reference for one in first.certificates.all()] == [order.pk]
    assert [one.reference for one in second.certificates.all()] == [late.pk]
    assert (first.outcome, second.is_open) == (Outcome.REVOKE, True)


@pytest.fixture
def superseded(order):
    """Anna, a third reviewer, has proposed to revoke the certificate for another reason."""
    return proposed_by_anna(order, "superseded")


def proposed_by_anna(order, reason):
    anna = people.make_reviewer("Anna Arvioija")
    given = {"reason": reason, "words": "Korvattu.", "person": anna}
    return services.propose(order.pk, **given, actor=actor_for(anna), now=clock.now())


def end(proposal, *, by):
    given = {"person": by, "actor": actor_for(by), "now": clock.now()}
    if by == proposal.maker:
        return services.withdraw_proposal(proposal.pk, **given)
    return services.decline_proposal(proposal.pk, words="Ei korvattu.", **given)


@pytest.mark.parametrize("is_withdrawn", [True, False])
def test_a_decision_to_revoke_is_proposed_once_another_open_proposal_has_ended(
    order, superseded, riitta, raimo, is_withdrawn
):
    change(orders.UNIT, status="DELETED")
    (task,) = watch()
    decide(task, raimo, Outcome.REVOKE, "Yksikkö on lakannut.")
    assert order.revocation_proposals.get() == superseded
    end(superseded, by=superseded.maker if is_withdrawn else riitta)
    second = order.revocation_proposals.get(closed_at=None)
    assert (second.maker, second.reason) == (raimo, "cessation_of_operation")
    assert second.words == "Yksikkö on lakannut."
    end(second, by=riitta)
    assert not order.revocation_proposals.filter(closed_at=None).exists()


def test_whoever_declines_proposes_what_a_former_reviewer_decided_and_may_take_it_back(
    order, superseded, riitta, raimo
):
    change(orders.UNIT, status="DELETED")
    decide(*watch(), raimo, Outcome.REVOKE, "Yksikkö on lakannut.")
    staff_roles.end_reviewer(raimo, actor=actor_for(raimo), now=clock.now())
    end(superseded, by=riitta)
    second = order.revocation_proposals.get(closed_at=None)
    assert (second.maker, second.words) == (riitta, "Yksikkö on lakannut.")
    end(second, by=riitta)
    assert not order.revocation_proposals.filter(closed_at=None).exists()


def test_nobody_answers_their_own_decision_under_another_record(order, raimo):
    same = proposed_by_anna(order, "cessation_of_operation")
    change(orders.UNIT, status="DELETED")
    abroad = people.make_reviewer("Raimo Ratkaisija-Smith")
    decide(*watch(), abroad, Outcome.REVOKE)
    merge.merge(abroad, into=raimo, actor=actor_for(raimo), now=clock.now())
    end(same, by=raimo)
    assert order.revocation_proposals.get(closed_at=None).maker == raimo


def test_a_decision_upon_a_change_that_was_taken_back_is_not_proposed_later(
    order, superseded, riitta, raimo
):
    change(orders.UNIT, status="DELETED")
    (task,) = watch()
    decide(task, raimo, Outcome.REVOKE)
    change(orders.UNIT, status="ACTIVE")
    watch()
    end(superseded, by=riitta)
    assert not order.revocation_proposals.filter(closed_at=None).exists()


def test_who_has_a_part_in_an_order_decides_no_change_under_its_certificate(order, raimo):
    change(orders.UNIT, valid_to=clock.day(clock.now()) - timedelta(days=1))
    (task,) = watch()
    order.technical_email = raimo.email
    order.save(update_fields=["technical_email"])
    with pytest.raises(Concerned):
        decide(task, raimo, Outcome.NOTHING)
    task.refresh_from_db()
    assert task.is_open


def test_what_changed_before_signing_never_becomes_a_certificate(matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    with pytest.raises(FactsChanged, match="Helsingin uusi apteekki"):
        orders.approve(riitta, case)


def decide(task, reviewer, outcome, reasons="Perustelut."):
    return services.decide_register_task(
        task.pk,
        outcome=outcome,
        reasons=reasons,
        person=reviewer,
        actor=orders.actor_for(reviewer),
        now=clock.now(),
    )

"""What a decision about a change in a register does to the certificates it affects."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from celery import current_app
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from accounts.models import Membership
from accounts.services.people import merge
from accounts.services.rights import staff_roles
from applications import services
from applications.models import RevocationProposal
from applications.models.register_task import RegisterTask
from applications.services.reviewer import register_changes
from certportal.dev.builders import orders, people
from certportal.dev.builders.register import change
from certportal.foundation import clock
from certportal.foundation.models import Event, OutboxItem
from issuance.models import Certificate
from issuance.services.errors import Concerned, OwnOrganisation
from tests.applications.at_once import Beside
from tests.applications.register.watching import decide, watch
from tests.tables import rewrite

Outcome = RegisterTask.Outcome


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


def test_however_many_are_decided_a_worker_proposes_few_at_a_time_and_tells_of_all_once(
    order, matti, riitta, raimo, monkeypatch
):
    """A county's thousands would take longer than a web request, and mail each reviewer of each."""
    three = [order, orders.delivered(matti, riitta), orders.delivered(matti, riitta)]
    change(orders.UNIT, status="DELETED")
    (task,) = watch()
    orders.drain()
    mail.outbox.clear()
    monkeypatch.setattr(register_changes, "MOST_AT_ONCE", 2)
    desk = people.log_in(Client(), riitta)
    place = reverse("console:register_task", args=[task.pk])
    given = {"outcome": "revoke", "reasons": "Yksikkö on lakannut.", "touched": 3}
    answer = desk.post(place, given)
    assert answer.status_code == 302
    assert not RevocationProposal.objects.exists()
    shown = desk.get(place).text
    assert "ehdotettu varmenteita: 0 / 3" in shown
    assert "Ehdotuksia valmistellaan." in shown
    assert "ilman ehdotusta" not in shown.lower()
    first = OutboxItem.objects.get(topic="register.decided")
    current_app.tasks[first.task].run(item=str(first.pk))
    assert RevocationProposal.objects.count() == 2
    services.propose_decided(task.pk, after=0, now=clock.now())  # as after a worker's end
    orders.drain()
    proposals = RevocationProposal.objects.filter(closed_at=None)
    assert {one.application_id for one in proposals} == {one.pk for one in three}
    assert {(one.maker, one.reason) for one in proposals} == {(riitta, "cessation_of_operation")}
    (told,) = [one for one in mail.outbox if place.partition("/console/")[2] in one.body]
    assert told.to == [raimo.email]
    assert "Odottavia varmenteita: 3" in told.body
    assert not [one for one in mail.outbox if "/revocation/" in one.body]
    shown = desk.get(place).text
    assert "ehdotettu varmenteita: 3 / 3" in shown
    assert "Ehdotuksia valmistellaan." not in shown


def test_what_the_register_takes_back_before_the_worker_comes_is_not_proposed(order, riitta):
    change(orders.UNIT, status="DELETED")
    (task,) = watch()
    by = {"person": riitta, "actor": actor_for(riitta), "now": clock.now()}
    given = {"outcome": "revoke", "reasons": "Lakannut.", "touched": task.certificates.count()}
    services.decide_register_task(task.pk, **given, **by)
    change(orders.UNIT, status="ACTIVE")
    watch()
    orders.drain()
    assert not RevocationProposal.objects.exists()


def decided_by(reviewer):
    """Decide to revoke upon the removed unit, leaving the proposals to the worker."""
    change(orders.UNIT, status="DELETED")
    (task,) = watch()
    orders.drain()
    by = {"person": reviewer, "actor": actor_for(reviewer), "now": clock.now()}
    given = {"outcome": "revoke", "reasons": "Lakannut.", "touched": task.certificates.count()}
    services.decide_register_task(task.pk, **given, **by)
    mail.outbox.clear()
    return task


def mails_about(task):
    place = reverse("console:register_task", args=[task.pk]).partition("/console/")[2]
    return [one for one in mail.outbox if f"/console/{place}" in one.body]


def lacking(task, reviewer):
    """Return how many certificates lack a proposal, and in how many rows of the page it is said."""
    page = people.log_in(Client(), reviewer).get(reverse("console:register_task", args=[task.pk]))
    count = re.search(r"varmenteita ilman ehdotusta: (\d+)\.", page.text)
    return int(count[1]) if count else 0, page.text.count(">Ilman ehdotusta<")


def test_what_a_former_reviewer_decided_is_left_to_the_others(order, matti, riitta, raimo):
    orders.delivered(matti, riitta)
    task = decided_by(raimo)
    staff_roles.end_reviewer(raimo, actor=actor_for(raimo), now=clock.now())
    orders.drain()
    assert not RevocationProposal.objects.exists()
    (told,) = mails_about(task)
    assert told.to == [riitta.email]
    assert f"Voimassa olevia varmenteita ilman ehdotusta: 2. {raimo} ei saa enää" in told.body
    assert lacking(task, riitta) == (2, 2)
    given = {"reason": "cessation_of_operation", "words": "Lakannut.", "person": riitta}
    services.propose(order.pk, **given, actor=actor_for(riitta), now=clock.now())
    assert lacking(task, riitta) == (1, 1)


def test_what_was_proposed_before_the_register_took_it_back_is_told(
    order, matti, riitta, raimo, monkeypatch
):
    orders.delivered(matti, riitta)
    task = decided_by(riitta)
    monkeypatch.setattr(register_changes, "MOST_AT_ONCE", 1)
    first = OutboxItem.objects.get(topic="register.decided")
    current_app.tasks[first.task].run(item=str(first.pk))
    change(orders.UNIT, status="ACTIVE")
    watch()
    orders.drain()
    assert RevocationProposal.objects.count() == 1
    (told,) = mails_about(task)
    assert told.to == [raimo.email]
    assert "Odottavia varmenteita: 1" in told.body
    assert "ilman ehdotusta" not in told.body


def test_another_reviewers_own_proposal_withdrawn_meanwhile_does_not_answer(order, raimo):
    decided_by(raimo)
    own = proposed_by_anna(order, "cessation_of_operation")
    end(own, by=own.maker)
    orders.drain()
    upon_it = order.revocation_proposals.get(closed_at=None)
    assert (upon_it.maker, upon_it.words) == (raimo, "Lakannut.")


def test_what_a_second_person_declined_meanwhile_is_not_proposed_again(order, riitta, raimo):
    decided_by(raimo)
    end(proposed_by_anna(order, "cessation_of_operation"), by=riitta)
    orders.drain()
    assert not order.revocation_proposals.filter(closed_at=None).exists()


def test_the_page_counts_a_certificate_proposed_twice_once(order, riitta, raimo):
    task = decided_by(riitta)
    orders.drain()
    end(order.revocation_proposals.get(), by=raimo)
    given = {"reason": "cessation_of_operation", "words": "Lakannut.", "person": riitta}
    services.propose(order.pk, **given, actor=actor_for(riitta), now=clock.now())
    page = people.log_in(Client(), raimo).get(reverse("console:register_task", args=[task.pk]))
    assert "ehdotettu varmenteita: 1 / 1" in page.text


def test_whoever_decided_under_a_record_merged_since_is_not_told_of_it(order, riitta, raimo):
    abroad = people.make_reviewer("Raimo Ratkaisija-Smith")
    task = decided_by(abroad)
    merge.merge(abroad, into=raimo, actor=actor_for(raimo), now=clock.now())
    orders.drain()
    (told,) = mails_about(task)
    assert told.to == [riitta.email]


@pytest.mark.django_db(transaction=True)
def test_a_certificate_found_while_its_task_is_decided_gets_a_task_of_its_own(order, matti, riitta):
    late = orders.delivered(matti, riitta)
    certificate = Certificate.objects.filter(reference=late.pk)
    key = certificate.values_list("pk", flat=True).get()
    rewrite(certificate, reference=uuid4())  # not found at the first time
    change(orders.UNIT, status="DELETED")
    (task,) = watch()
    rewrite(Certificate.objects.filter(pk=key), reference=late.pk)
    with transaction.atomic():
        decide(task, riitta, Outcome.REVOKE, "Yksikkö on lakannut.")
        beside = Beside(watch)
    assert beside.end() is None
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


def test_whom_the_case_concerns_by_now_does_not_take_their_own_proposal_back(
    order, superseded, riitta, raimo
):
    """What waits for it would be proposed in their name, and nobody could confirm that."""
    change(orders.UNIT, status="DELETED")
    decide(*watch(), raimo, Outcome.REVOKE, "Yksikkö on lakannut.")
    staff_roles.end_reviewer(raimo, actor=actor_for(raimo), now=clock.now())
    Membership.objects.create(
        person=superseded.maker,
        organisation=order.organisation,
        role=Membership.Role.APPLICANT,
        basis=Membership.Basis.INVITATION,
        begun_at=clock.now(),
    )
    with pytest.raises(OwnOrganisation):
        end(superseded, by=superseded.maker)
    given = {"person": riitta, "actor": actor_for(riitta), "now": clock.now()}
    services.decline_proposal(superseded.pk, words="Tilaajan ehdotus.", **given)
    assert order.revocation_proposals.get(closed_at=None).maker == riitta


def test_nobody_answers_their_own_decision_under_another_record(order, raimo):
    same = proposed_by_anna(order, "cessation_of_operation")
    change(orders.UNIT, status="DELETED")
    abroad = people.make_reviewer("Raimo Ratkaisija-Smith")
    decide(*watch(), abroad, Outcome.REVOKE)
    merge.merge(abroad, into=raimo, actor=actor_for(raimo), now=clock.now())
    end(same, by=raimo)
    assert order.revocation_proposals.get(closed_at=None).maker == raimo


def test_what_the_decider_declined_under_another_record_lacks_a_proposal_again(
    order, riitta, raimo
):
    same = proposed_by_anna(order, "cessation_of_operation")
    change(orders.UNIT, status="DELETED")
    abroad = people.make_reviewer("Raimo Ratkaisija-Smith")
    task = decide(*watch(), abroad, Outcome.REVOKE)
    orders.drain()
    end(same, by=raimo)
    assert lacking(task, riitta) == (0, 0)
    merge.merge(abroad, into=raimo, actor=actor_for(raimo), now=clock.now())
    assert lacking(task, riitta) == (1, 1)


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

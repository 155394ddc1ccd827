"""Two acts on one order at the same moment: one counts, the other is told; nothing is doubled."""

from datetime import timedelta
from functools import partial

import pytest

from accounts.access import actor_for
from applications import services
from applications.errors import UnfitCsr
from applications.models import Application, Submission
from applications.workflow import Role, Status
from certportal.dev.builders import orders
from certportal.dev.builders.orders import CONTACT
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.models import Event, OutboxItem
from issuance.models import Approval, Certificate
from tests.applications.at_once import at_once
from tests.remembered import remembering

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


@remembering
def case_ready(matti, riitta):
    """A claimed case with its certificate prepared and evidence given."""
    application = orders.claimed(matti, riitta)
    orders.give_evidence(riitta, application)
    application.refresh_from_db()
    return application


def cases_ready(matti, riitta):
    """Such cases for all rounds, made before the first race, which leaves no known state.

    Tests with the same people begin with the same ones: `tests/remembered.py`.
    """
    return [case_ready(matti, riitta) for _round in range(ROUNDS)]


def acting(person, application):
    return {
        "version": application.version,
        "person": person,
        "actor": actor_for(person),
        "now": clock.now(),
    }


def approving(person, application):
    found = orders.prepared(application)
    return partial(
        services.approve,
        application.pk,
        prepared_id=found.pk,
        tbs_sha256=found.tbs_sha256,
        reauthenticated_at=clock.now() - timedelta(minutes=1),
        **acting(person, application),
    )


def sending(person, application):
    return partial(orders.submit, person, application)


def settled(application):
    orders.drain()
    return Application.objects.get(pk=application.pk)


def test_two_reviewers_approve_at_once(matti, riitta, raimo, cas):
    for round_, application in enumerate(cases_ready(matti, riitta), 1):
        works = approving(riitta, application), approving(raimo, application)
        assert sorted(at_once(*works, refusals=Refused)) == ["done", "refused"]
        assert settled(application).status == Status.DELIVERED
        assert Certificate.objects.count() == Approval.objects.count() == round_


def test_two_who_race_for_a_case_fifty_times(matti, riitta, raimo, cas):
    """Each time one gets it, and the other is told."""
    application = orders.in_review(matti)
    for _ in range(50):
        works = [
            partial(services.claim, application.pk, **acting(one, application))
            for one in (riitta, raimo)
        ]
        assert sorted(at_once(*works, refusals=Refused)) == ["done", "refused"]
        application.refresh_from_db()
        assert application.reviewer in {riitta, raimo}
        services.release(application.pk, **acting(application.reviewer, application))
        application.refresh_from_db()


def test_one_reviewer_approves_twice_at_once_and_is_one_person(matti, riitta, cas, settings):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 2}
    application = case_ready(matti, riitta)
    works = [approving(riitta, application)] * 2
    assert "done" in at_once(*works, refusals=Refused)
    assert settled(application).status == Status.IN_REVIEW
    assert Approval.objects.count() == 1


def test_approval_against_withdrawal(matti, riitta, raimo, cas):
    for application in cases_ready(matti, riitta):
        given = acting(matti, application)
        del given["person"]
        withdrawing = partial(services.withdraw, application.pk, **given)
        works = approving(riitta, application), withdrawing
        assert sorted(at_once(*works, refusals=Refused)) == ["done", "refused"]
        ended = settled(application)
        issued = Certificate.objects.filter(reference=application.pk).exists()
        assert (ended.status, issued) in {(Status.DELIVERED, True), (Status.WITHDRAWN, False)}


def test_approval_against_rejection(matti, riitta, raimo, cas):
    for application in cases_ready(matti, riitta):
        rejecting = partial(
            services.reject,
            application.pk,
            reasons="Ei.",
            **orders.UNHEARD,
            **acting(riitta, application),
        )
        works = approving(raimo, application), rejecting
        assert sorted(at_once(*works, refusals=Refused)) == ["done", "refused"]
        ended = settled(application)
        issued = Certificate.objects.filter(reference=application.pk).exists()
        assert (ended.status, issued) in {(Status.DELIVERED, True), (Status.REJECTED, False)}


def test_approval_against_new_information(matti, riitta, raimo, cas):
    """What is added while somebody approves either comes too late or voids the approval."""
    for application in cases_ready(matti, riitta):
        adding = partial(
            services.add_information,
            application.pk,
            text="Lisäys.",
            **acting(matti, application),
        )
        works = approving(riitta, application), adding
        assert sorted(at_once(*works, refusals=Refused)) == ["done", "refused"]
        ended = settled(application)
        assert ended.status in {Status.DELIVERED, Status.IN_REVIEW}
        assert (ended.status == Status.IN_REVIEW) == ended.additions.exists()


def test_twenty_times_sent_at_once_is_sent_once(matti, cas):
    application = orders.with_csr(matti)
    application.refresh_from_db()
    seen = {"version": application.version, "actor": actor_for(matti), "now": clock.now()}
    sending = partial(services.submit, application.pk, **orders.signature(matti), **seen)
    outcome = at_once(*[sending] * 20, refusals=Refused)
    assert sorted(outcome) == ["done", *["refused"] * 19]
    assert Submission.objects.filter(application=application).count() == 1
    assert Event.objects.filter(action="application.submit").count() == 1
    assert OutboxItem.objects.filter(topic="application.checks_wanted").count() == 1


def test_a_claim_against_another_request(matti, riitta, cas):
    """A request can be replaced until a reviewer has the case, and not a moment longer."""
    for application in [orders.in_review(matti) for _round in range(ROUNDS)]:
        csr = orders.openssl_csr()
        stored = services.upload_csr(application.pk, csr, actor=actor_for(matti), now=clock.now())
        application.refresh_from_db()
        given = acting(matti, application) | {"role": Role.APPLICANT}
        del given["person"]
        replacing = partial(services.attach_csr, application.pk, stored.pk, **given)
        claiming = partial(services.claim, application.pk, **acting(riitta, application))
        assert sorted(at_once(claiming, replacing, refusals=Refused)) == ["done", "refused"]
        ended = settled(application)
        assert ended.status == Status.IN_REVIEW
        assert (ended.csr == stored) == (ended.reviewer is None)


def test_a_link_opened_in_two_browsers_at_once_is_bound_to_one(matti):
    application = orders.draft(matti)
    orders.name_contact(matti, application, CONTACT)
    seen = orders.Handler(matti, application).seen
    services.save_section(application.pk, "csr", {"csr_by": "technical_contact"}, **seen)
    orders.submit(matti, application)
    link = application.contact_links.get()

    def opening():
        given = {"actor": Actor("technical_contact", str(link.pk)), "now": clock.now()}
        if services.open_link(link.pk, **given) is None:
            raise Refused("mailed")

    assert sorted(at_once(*[opening] * 4, refusals=Refused)) == ["done", *["refused"] * 3]
    link.refresh_from_db()
    assert link.bound_session
    assert not application.contact_links.exclude(pk=link.pk).exclude(bound_session="").exists()


def test_of_two_orders_with_one_key_one_is_sent(matti, maija):
    for _round in range(ROUNDS // 2):
        csr = orders.openssl_csr()
        first, second = orders.with_csr(matti, csr=csr), orders.with_csr(maija, csr=csr)
        done = at_once(sending(matti, first), sending(maija, second), refusals=UnfitCsr)
        assert sorted(done) == ["done", "refused"]
        sent = Application.objects.filter(csr__spki_sha256=first.csrs.get().spki_sha256)
        assert sent.exclude(status=Status.DRAFT).count() == 1

"""Acts of a reviewer whose role is taken while their request is being handled."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from accounts.models import Membership, Person
from accounts.services.people.merge import merge
from accounts.services.rights import staff_roles
from applications import services
from applications.models import Application, CaseNote, ReadyReason
from applications.rules import case_holder, impartiality
from applications.services import transition
from applications.services.reviewer.assignment import NotLead
from applications.services.reviewer.undelivered import NotOurs
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.errors import Refused
from certportal.foundation.models import Event, OutboxItem
from certportal.foundation.outbox import set_aside
from issuance import services as authority
from issuance.models import Approval, BlockedKey, BlockEnding
from issuance.services import locks
from issuance.services.errors import NotReviewer
from tests.applications.at_once import Beside
from tests.applications.console.undelivered import refuse_mails
from tests.tables import rewrite


def by_the_system():
    return {"actor": system("test"), "now": clock.now()}


def outcome(tried):
    try:
        tried()
    except Refused as refusal:
        return type(refusal)
    return None


def test_nothing_is_written_about_a_case(matti, riitta, raimo, cas):
    case = orders.claimed(matti, riitta)
    before = Application.objects.filter(pk=case.pk).values().get()
    staff_roles.end_reviewer(riitta, **by_the_system())
    in_a_week = clock.day(clock.now()) + timedelta(days=7)
    by = partial(partial, act, riitta)
    tried = [
        by(services.write_note, case, text="Soitin."),
        by(services.set_aside, case, until=in_a_week, reason="Odotan rekisteriä."),
        by(services.hand_over, case, to=raimo.pk, note="Lomani alkaa."),
        by(services.reject, case, reasons="Nimi on toisen."),
        by(services.release, case),
        partial(orders.ask, riitta, case, in_a_week),
        partial(orders.press_approve, riitta, case),
    ]
    assert {outcome(each) for each in tried} == {NotReviewer}
    assert Application.objects.filter(pk=case.pk).values().get() == before
    assert not CaseNote.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nobody_confirms_their_own_right_as_the_record_that_a_merger_ends(maija, riitta):
    Membership.objects.filter(person=maija).update(basis=Membership.Basis.UNVERIFIED)
    right = maija.memberships.get()
    shown = Person.objects.get(pk=riitta.pk)  # as the page has read it
    with transaction.atomic():
        merge(riitta, into=maija, **by_the_system())
        late = Beside(partial(act, shown, services.confirm_right, right.pk, note="Soitin."))
    assert isinstance(late.end(), NotReviewer)
    right.refresh_from_db()
    assert right.is_unconfirmed


def waiting_while_taken(riitta, lock, tried):
    """Let Riitta's act wait for what the lock holds; return what it raises without the role."""
    with transaction.atomic():
        lock()
        staff_roles.end_reviewer(riitta, **by_the_system())
        late = Beside(tried)
    return late.end()


@pytest.mark.django_db(transaction=True)
def test_no_key_is_blocked(sample, riitta):
    listing = partial(authority.import_keys, ["ab" * 32], "published", **by_the_system())
    why = {"reason": "published", "known_from": "Kyberturvallisuuskeskus"}
    tried = partial(act, riitta, services.block_keys, ["ab" * 32], **why)
    assert isinstance(waiting_while_taken(riitta, listing, tried), NotReviewer)
    assert Event.objects.filter(action="issuance.keys_imported").count() == 1
    assert BlockedKey.objects.get().final_at is None


@pytest.mark.django_db(transaction=True)
def test_nor_is_the_end_of_a_block_proposed(sample, riitta):
    authority.import_keys(["ab" * 32], "published", **by_the_system())
    block = BlockedKey.objects.get()
    lock = partial(locks.hold, f"block ending:{block.created_at.timestamp()}")
    given = {"whole_list": False, "words": "Väärä tiiviste."}
    tried = partial(act, riitta, services.propose_block_end, block.pk, **given)
    assert isinstance(waiting_while_taken(riitta, lock, tried), NotReviewer)
    assert not BlockEnding.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["rewrite_reason", "end_reason"])
def test_no_ready_made_reason_is_changed(own_reasons, sample, riitta, step):
    reason = act(riitta, services.write_reason, ReadyReason.Use.ASKING, {})
    words = [{"fi": {"title": "Posti", "text": "Korjaa."}}] if step == "rewrite_reason" else []
    tried = partial(act, riitta, getattr(services, step), reason.pk, *words, number=1)
    lock = ReadyReason.objects.select_for_update().filter(pk=reason.pk).get
    assert isinstance(waiting_while_taken(riitta, lock, tried), NotReviewer)
    reason.refresh_from_db()
    assert reason.ended_at is None
    assert reason.versions.count() == 1


@pytest.fixture
def refused(matti, riitta, cas, monkeypatch):
    """The receipt of Matti's order, which the mail server refused."""
    with monkeypatch.context() as patch:
        refuse_mails(patch)
        orders.submitted(matti)
        orders.drain()
    return set_aside.items().get(payload__notice="receipt")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("meanwhile", ["role taken", "erased"])
def test_no_address_is_corrected(refused, riitta, meanwhile):
    order = Application.objects.get()
    tried = partial(act, riitta, services.send_corrected, refused.pk, "x@example.fi")
    with transaction.atomic():
        transition.lock(order.pk)
        if meanwhile == "erased":
            rewrite(Application.objects.filter(pk=order.pk), erased_at=clock.now())
        else:
            staff_roles.end_reviewer(riitta, **by_the_system())
        late = Beside(tried)
    assert isinstance(late.end(), NotOurs if meanwhile == "erased" else NotReviewer)
    assert Application.objects.get().contact_email == order.contact_email
    assert OutboxItem.objects.get(pk=refused.pk).failed_at is not None


@pytest.mark.django_db(transaction=True)
def test_no_right_is_confirmed_whose_orders_somebody_works_on(matti, riitta, cas):
    matti.memberships.update(confirmed_until=clock.day(clock.now()))
    case, right = orders.in_review(matti), matti.memberships.get()
    lock = partial(transition.lock, case.pk)
    tried = partial(act, riitta, services.confirm_right, right.pk, note="Soitin.")
    assert isinstance(waiting_while_taken(riitta, lock, tried), NotReviewer)
    assert matti.memberships.get().basis_note == right.basis_note


@pytest.mark.django_db(transaction=True)
def test_nothing_is_approved_for_a_plan(matti, riitta, cas):
    attempt = orders.prepared(orders.claimed(matti, riitta))
    given = {"person": riitta, "reauthenticated_at": clock.now(), "now": clock.now()}
    tried = partial(authority.approve_all, {attempt.pk: attempt.tbs_sha256}, **given)
    lock = partial(locks.hold, f"issuance:{attempt.reference}")
    assert isinstance(waiting_while_taken(riitta, lock, tried), NotReviewer)
    assert not Approval.objects.exists()


def test_no_case_is_taken_by_who_loses_the_role_while_it_is_looked_for(
    matti, riitta, cas, monkeypatch
):
    case, real = orders.in_review(matti), impartiality.bias

    def meanwhile(*args, **kwargs):
        staff_roles.end_reviewer(riitta, **by_the_system())
        return real(*args, **kwargs)

    monkeypatch.setattr(impartiality, "bias", meanwhile)
    assert outcome(partial(act, riitta, services.take_next)) is NotReviewer
    case.refresh_from_db()
    assert case.reviewer is None


def test_no_case_is_given_by_who_leads_no_more(matti, riitta, raimo, cas, monkeypatch):
    staff_roles.grant_lead(riitta, by=None, **by_the_system())
    case, real = orders.in_review(matti), case_holder.free

    def meanwhile():
        staff_roles.end_lead(riitta, **by_the_system())
        return real()

    monkeypatch.setattr(case_holder, "free", meanwhile)
    assert outcome(partial(act, riitta, services.assign, [case.pk], to=raimo.pk)) is NotLead
    case.refresh_from_db()
    assert case.reviewer is None

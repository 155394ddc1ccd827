"""Revoking on request: at once, once, for good; told to everybody concerned."""

from datetime import timedelta
from functools import partial

import pytest
from cryptography import x509
from django.core import mail

from accounts.access import actor_for
from accounts.models import Membership
from applications import services
from applications.errors import MayNotAct
from applications.models import RevocationRequest
from applications.rules import recipients
from applications.rules.revocation import NothingToRevoke
from applications.workflow import Role, Status
from certportal.celery import app
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.models import Event, OutboxItem
from issuance.models import BlockedKey, Certificate
from issuance.publication import repository
from issuance.services.errors import NotReviewer, ReasonStands, UnknownReason

EXPOSED = "key_compromise"
UNNEEDED = "cessation_of_operation"
WORDS = "Avain jäi vanhalle levylle."


@pytest.fixture
def order(matti, riitta, cas):
    """An order whose certificate has been delivered, and no mail since."""
    made = orders.delivered(matti, riitta)
    mail.outbox.clear()
    return made


def revoke(order, person, reason=EXPOSED, **more):
    given = {"words": WORDS, "actor": actor_for(person), "now": clock.now()} | more
    return services.revoke(order.pk, reason=reason, person=person, **given)


def expose(order, reviewer, words=WORDS):
    return services.revoke_exposed(
        order.pk, words=words, person=reviewer, actor=actor_for(reviewer), now=clock.now()
    )


def told():
    return {address for one in mail.outbox for address in one.to}


def test_it_is_revoked_at_once_with_the_asker_s_own_words(order, matti, now):
    revoked = revoke(order, matti)
    assert (revoked.state, revoked.revocation_reason) == ("revoked", EXPOSED)
    asked = RevocationRequest.objects.get()
    assert (asked.person, asked.role, asked.words) == (matti, Role.APPLICANT, WORDS)
    assert asked.certificate_id == revoked.pk
    event = Event.objects.get(action="application.revoke")
    assert event.actor == f"person:{matti.pk}"
    assert WORDS not in str(event.data)


def test_the_list_that_is_served_has_it_as_soon_as_the_worker_has_run(order, matti):
    serial = int(Certificate.objects.get().serial, 16)
    stem = Certificate.objects.get().issuing_ca.stem
    revoke(order, matti)
    orders.drain()
    served = x509.load_der_x509_crl(repository.crl_path(stem).read_bytes())
    entry = served.get_revoked_certificate_by_serial_number(serial)
    assert entry is not None
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason is x509.ReasonFlags.key_compromise


def test_a_colleague_who_may_order_may_revoke(order, maija):
    assert revoke(order, maija, UNNEEDED).state == "revoked"


def test_neither_technical_members_nor_strangers_may(order, teemu, kalle):
    for person in (teemu, kalle):
        with pytest.raises(MayNotAct):
            revoke(order, person)
    assert Certificate.objects.get().state == "issued"


def test_everybody_concerned_is_told_once(matti, maija, riitta, cas):
    draft = orders.with_csr(matti)
    technical = {
        "mailbox": "tekniikka@example.fi",
        "deliver_to": "technical_contact",
        "technical_name": "Teemu Teknikko",
        "technical_email": "teemu@yritys.example",
        "technical_organisation": "Yritys",
        "technical_language": "sv",
        "deputy_name": "Veera",
        "deputy_email": "veera@yritys.example",
    }
    orders.name_contact(matti, draft, technical)
    orders.submit(matti, draft)
    order = orders.finish(matti, riitta, draft)
    mail.outbox.clear()
    revoke(order, maija)
    orders.drain()
    expected = ["matti@example.fi", "tekniikka@example.fi", "teemu@yritys.example"]
    assert sorted(one.to[0] for one in mail.outbox) == sorted([*expected, "veera@yritys.example"])
    assert all(order.number in one.subject for one in mail.outbox)
    led = {one.to[0] for one in mail.outbox if f"/orders/{order.pk}/" in one.body}
    assert led == {"matti@example.fi", "tekniikka@example.fi"}


def test_administrators_are_told_though_the_order_names_them_nowhere(order, pharmacy, matti, now):
    people.make_member("Aino Ala", pharmacy, role="administrator", now=now)
    people.make_member("Eino Entinen", pharmacy, role="applicant", now=now)
    revoke(order, matti)
    orders.drain()
    assert "aino@example.fi" in told()
    assert "eino@example.fi" not in told()


def test_the_mail_tells_the_reason_and_that_the_key_is_refused(order, matti):
    revoke(order, matti)
    orders.drain()
    body = next(one for one in mail.outbox if one.to == ["matti@example.fi"]).body
    assert Certificate.objects.get().serial in body
    assert f"/orders/{order.pk}/" in body
    assert "Sulkemista pyydettiin tällä asiakastilillä: Helsingin VI apteekki." in body
    assert WORDS not in body


def test_asked_twice_it_is_revoked_and_told_once(order, matti, maija):
    first = revoke(order, matti)
    orders.drain()
    mail.outbox.clear()
    again = revoke(order, maija, now=clock.now() + timedelta(hours=1))
    orders.drain()
    assert again.revoked_at == first.revoked_at
    assert RevocationRequest.objects.count() == 1
    assert mail.outbox == []
    assert Event.objects.filter(action="application.revoke").count() == 1


def test_who_says_more_a_moment_later_is_told_that_it_is_not_kept(order, matti, maija, riitta):
    """Each page was opened before the revocation, and said that it has been done."""
    revoke(order, matti)
    day = clock.day(clock.now())
    for late in (
        partial(revoke, order, maija, words="Varmuuskopio vietiin."),
        partial(revoke, order, maija, exposed_on=day),
        partial(expose, order, riitta, "CERT soitti."),
    ):
        with pytest.raises(ReasonStands):
            late()
    assert revoke(order, maija, words="") == Certificate.objects.get()
    assert RevocationRequest.objects.get().words == WORDS


def test_the_reason_can_be_raised_to_an_exposed_key_and_to_nothing_else(order, matti):
    revoke(order, matti, UNNEEDED)
    assert not BlockedKey.objects.exists()
    revoke(order, matti, EXPOSED)
    assert BlockedKey.objects.exists()
    assert [one.reason for one in RevocationRequest.objects.all()] == [UNNEEDED, EXPOSED]
    with pytest.raises(ReasonStands):
        revoke(order, matti, UNNEEDED)


@pytest.mark.parametrize("reason", ["none", "certificate_hold", "keyCompromise"])
def test_an_unknown_reason_is_refused_and_nothing_is_kept(order, matti, reason):
    with pytest.raises(UnknownReason):
        revoke(order, matti, reason)
    assert not RevocationRequest.objects.exists()


def test_the_day_of_exposure_becomes_the_invalidity_date(order, matti, now):
    day = clock.day(now) - timedelta(days=3)
    assert revoke(order, matti, exposed_on=day).invalidity_date == clock.start_of_day(day)


def test_a_day_of_exposure_means_nothing_when_the_key_was_not_exposed(order, matti, now):
    assert revoke(order, matti, UNNEEDED, exposed_on=clock.day(now)).invalidity_date is None


def test_without_a_certificate_there_is_nothing_to_revoke(matti):
    with pytest.raises(NothingToRevoke):
        revoke(orders.submitted(matti), matti)


def test_an_expired_certificate_is_not_revoked(order, matti):
    after = Certificate.objects.get().not_after + timedelta(seconds=1)
    with pytest.raises(NothingToRevoke):
        revoke(order, matti, now=after)


def test_revoked_before_it_was_mailed_the_notice_goes_in_place_of_the_package(matti, riitta, cas):
    order = orders.claimed(matti, riitta)
    orders.approve(riitta, order)
    until_mailed()
    mail.outbox.clear()
    revoke(order, matti)
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.DELIVERED
    assert "tekniikka@example.fi" in told()
    assert [one for one in mail.outbox if one.attachments] == []


def until_mailed():
    """Work as the workers do, but mail nothing."""
    app.autodiscover_tasks(force=True)
    open_work = OutboxItem.objects.filter(done_at=None, failed_at=None)
    while items := list(open_work.exclude(topic="application.notice").order_by("created_at")):
        for item in items:
            app.tasks[item.task].run(item=str(item.pk))


def test_a_reviewer_revokes_when_the_key_is_exposed(order, riitta):
    assert expose(order, riitta).revocation_reason == EXPOSED
    asked = RevocationRequest.objects.get()
    assert (asked.person, asked.role) == (riitta, Role.REVIEWER)
    assert Event.objects.filter(action="application.revoke_exposed").exists()


def test_a_reviewer_of_the_same_organisation_may_too_for_haste(order, riitta, pharmacy, now):
    Membership.objects.create(
        person=riitta, organisation=pharmacy, role="technical", basis="invitation", begun_at=now
    )
    assert expose(order, riitta).revocation_reason == EXPOSED


def test_who_is_no_reviewer_cannot_act_as_one(order, matti, kalle):
    for person in (matti, kalle):
        with pytest.raises(NotReviewer):
            expose(order, person)


def test_the_words_are_erased_with_the_order(order, matti, now):
    revoke(order, matti)
    services.erase_expired(now=now + timedelta(days=365 * 8))
    asked = RevocationRequest.objects.get()
    assert (asked.words, asked.reason) == ("", EXPOSED)


def test_no_mail_goes_to_an_administrator_who_has_no_proven_address(order, matti):
    matti.email_verified_at = None
    matti.save(update_fields=["email_verified_at"])
    assert recipients.resolve(order, f"person:{matti.pk}")[0] == ""

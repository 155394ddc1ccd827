"""Personal data is erased when its time is over; what must be provable stays."""

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from accounts.models import Succession
from accounts.register.models import RegisterRecord
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.errors import Erased
from applications.models import RegisterTask, SentNotice
from applications.rules import lapse, retention
from applications.services.system import erase
from certportal.dev.builders import acts, orders, people
from certportal.foundation import clock
from certportal.foundation.models import Event, OutboxItem
from tests.applications.clocks.conftest import noon, waiting_for_csr, years_after

SECRETS = ("Matti", "matti@example.fi", "tekniikka@example.fi", "040 1234567", "Soita Matille")


@pytest.fixture
def order(matti, riitta, cas):
    """Return a delivered order in which somebody also wrote free text."""
    application = orders.draft(matti)
    contact = {
        "contact_name": "Matti Meikäläinen",
        "contact_email": "matti@example.fi",
        "contact_phone": "040 1234567",
    }
    services.save_section(application.pk, "contact", contact, **seen(matti, application))
    orders.upload(matti, application, orders.openssl_csr())
    orders.submit(matti, application)
    orders.drain()
    services.add_information(
        application.pk, text="Soita Matille", person=matti, **seen(matti, application)
    )
    services.claim(application.pk, person=riitta, **seen(riitta, application))
    orders.drain()
    application.refresh_from_db()
    orders.approve(riitta, application)
    orders.drain()
    application.refresh_from_db()
    return application


def seen(person, application) -> dict:
    return orders.Handler(person, application).seen


def everything(application) -> str:
    """Return all that the rows of the order say, as one text."""
    application.refresh_from_db()
    rows = [application, *application.submissions.all(), *application.additions.all()]
    rows += [*application.decisions.all(), *application.requests.all(), *application.csrs.all()]
    rows += [*application.check_runs.all()]
    return "\n".join(str(value) for row in rows for value in vars(row).values())


def test_an_order_is_kept_five_years_past_the_end_of_validity(order):
    end = certificate_of(order).not_after
    services.erase_expired(now=years_after(end, 5, days=0))
    assert all(secret in everything(order) for secret in SECRETS)
    services.erase_expired(now=years_after(end, 5))
    assert not any(secret in everything(order) for secret in SECRETS)


def test_number_hashes_and_events_stay(order):
    submission = order.submissions.get()
    before = list(Event.objects.filter(object_id=str(order.pk)).values_list("pk", flat=True))
    services.erase_expired(now=years_after(certificate_of(order).not_after, 5))
    after = order.submissions.get()
    assert after.sha256 == submission.sha256
    assert json.loads(after.content)["host_names"] == json.loads(submission.content)["host_names"]
    events = Event.objects.filter(object_id=str(order.pk))
    assert set(before) < set(events.values_list("pk", flat=True))
    assert events.latest("pk").action == "application.erase"
    assert certificate_of(order) is not None


def test_events_never_held_a_name_or_an_address(order):
    services.erase_expired(now=years_after(certificate_of(order).not_after, 5))
    told = json.dumps(list(Event.objects.values_list("data", "actor", "object_id")), default=str)
    assert not any(secret in told for secret in SECRETS)


def test_the_uploaded_request_is_gone(order):
    services.erase_expired(now=years_after(certificate_of(order).not_after, 5))
    csr = order.csrs.get()
    assert bytes(csr.der) == b""
    assert csr.report == {}
    assert csr.sha256


def test_so_is_what_the_checks_quoted_of_it(matti):
    csr = orders.csr_with("-subj", "/C=FI/CN=Apteekki Plus/emailAddress=matti@example.fi")
    order = orders.submitted(matti, "system_signature", csr=csr)
    orders.drain()
    order.refresh_from_db()
    assert "matti@example.fi" in str(order.findings) == str(order.check_runs.get().findings)
    erase.erase(order.pk, now=clock.now())
    assert "matti@example.fi" not in everything(order)
    assert order.check_runs.get().findings == []


def test_so_is_what_the_authority_has_of_it(matti, riitta, cas):
    csr = orders.csr_with("-subj", "/C=FI/CN=Apteekki Plus/emailAddress=matti@example.fi")
    case = orders.claimed(matti, riitta, "system_signature", csr=csr)
    attempt = orders.prepared(case)
    assert b"matti@example.fi" in bytes(attempt.csr_der)
    assert "matti@example.fi" in str(attempt.findings)
    assert attempt.concerned
    acts.act(riitta, services.reject, case, reasons="Ei rekisterissä.", **orders.UNHEARD)
    erase.erase(case.pk, now=clock.now())
    attempt.refresh_from_db()
    assert (bytes(attempt.csr_der), attempt.findings, attempt.concerned) == (b"", [], [])
    assert (attempt.state, attempt.csr_sha256) == ("void", case.csr.sha256)


def test_the_attachments_are_gone_from_the_disk_as_well(
    matti, riitta, cas, django_capture_on_commit_callbacks
):
    application = orders.delivered(matti, riitta, "system_signature")
    file = application.attachments.get().file
    assert file.storage.exists(file.name)
    with django_capture_on_commit_callbacks(execute=True):
        erase.erase(application.pk, now=clock.now())
    assert not file.storage.exists(file.name)
    assert not application.attachments.exists()


def test_erasing_again_changes_nothing(order):
    at = years_after(certificate_of(order).not_after, 5)
    services.erase_expired(now=at)
    order.refresh_from_db()
    version, events = order.version, Event.objects.count()
    services.erase_expired(now=at + timedelta(days=7))
    order.refresh_from_db()
    assert (order.version, Event.objects.count()) == (version, events)


def test_an_order_that_is_reopened_since_it_was_listed_is_kept(matti, riitta, cas, monkeypatch):
    """Many orders are erased one after another, and what is erased does not come back."""
    case, real = orders.claimed(matti, riitta), erase.over
    acts.act(riitta, services.reject, case, reasons="Verkkotunnus on toisen.", **orders.UNHEARD)

    def reopened_after(now):
        listed = real(now)
        acts.act(riitta, services.reopen, case, reasons="Oikaisuvaatimus")
        return listed

    monkeypatch.setattr(erase, "over", reopened_after)
    assert services.erase_expired(now=years_after(clock.now(), 10)) == 1
    case.refresh_from_db()
    assert case.erased_at is None
    assert case.contact_email == "matti@example.fi"


def test_an_erased_order_can_still_be_looked_at(order, matti, riitta):
    services.erase_expired(now=years_after(clock.now(), 1))  # nothing yet
    erase.erase(order.pk, now=clock.now())
    for person, page in ((matti, f"/fi/orders/{order.pk}/"), (riitta, f"/fi/console/{order.pk}/")):
        answer = people.log_in(Client(), person).get(page)
        assert answer.status_code == 200, page
        assert order.number in answer.content.decode()


def test_nobody_is_reminded_of_an_erased_order(order):
    end = certificate_of(order).not_after
    erase.erase(order.pk, now=clock.now())
    services.remind_of_expiry(now=end - timedelta(days=10))
    assert not SentNotice.objects.filter(notice="renewal").exists()


def test_a_withdrawn_order_is_kept_two_years(matti):
    application = waiting_for_csr(matti, "2027-01-15")
    services.withdraw(application.pk, **seen(matti, application))
    application.refresh_from_db()
    services.erase_expired(now=years_after(application.ended_at, 2, days=0))
    assert "matti@example.fi" in everything(application)
    services.erase_expired(now=years_after(application.ended_at, 2))
    assert "matti@example.fi" not in everything(application)


def test_a_rejected_order_loses_its_reasons_after_five_years(matti, riitta, cas):
    application = orders.claimed(matti, riitta)
    given = seen(riitta, application) | orders.UNHEARD
    services.reject(application.pk, reasons="Soita Matille", person=riitta, **given)
    services.erase_expired(now=years_after(clock.now(), 4))
    assert "Soita Matille" in everything(application)
    services.erase_expired(now=years_after(clock.now(), 5))
    assert "Soita Matille" not in everything(application)


def test_an_erased_order_is_not_taken_up_again(matti, riitta, cas):
    """What came in then would never be erased."""
    order = orders.claimed(matti, riitta)
    given = {"reasons": "Ei.", **orders.UNHEARD, "person": riitta}
    services.reject(order.pk, **given, **seen(riitta, order))
    services.erase_expired(now=years_after(clock.now(), 5))
    for act, words in ((services.reopen, "reasons"), (services.write_note, "text")):
        with pytest.raises(Erased):
            act(order.pk, person=riitta, **{words: "Virhe."}, **seen(riitta, order))
    page = people.log_in(Client(), riitta).get(reverse("console:case", args=[order.pk]))
    assert "reopen" not in page.context["offers"]
    assert reverse("console:note", args=[order.pk]) not in page.content.decode()


def test_an_open_order_is_never_erased(matti, riitta, cas):
    application = orders.claimed(matti, riitta)
    services.erase_expired(now=years_after(clock.now(), 20))
    assert "matti@example.fi" in everything(application)


def test_reasons_of_decisions_on_register_and_succession_go_after_five_years(pharmacy, matti, now):
    succession = Succession.objects.create(
        organisation=pharmacy,
        successor=pharmacy,
        former_name="Apteekki",
        former_code="9900001-8",
        code="9900009-3",
        reason="Matti kertoi",
        decided_by=matti,
        at=now,
    )
    record = RegisterRecord.objects.first()
    task = RegisterTask.objects.create(
        organisation=pharmacy,
        change=RegisterTask.Change.ENDED,
        then=record,
        opened_at=now,
        decided_at=now,
        outcome=RegisterTask.Outcome.NOTHING,
        reasons="Matti kertoi",
    )
    for years, left in ((4, "Matti kertoi"), (5, "")):
        services.erase_expired(now=years_after(now, years))
        succession.refresh_from_db()
        task.refresh_from_db()
        assert (succession.reason, task.reasons) == (left, left)


def test_finished_work_codes_and_the_ledger_are_tidied(matti, now):
    waiting_for_csr(matti, "2026-11-01")
    SentNotice.objects.create(notice="morning", about="x", key="y", sent_at=now)
    OutboxItem.objects.update(done_at=now)
    services.erase_expired(now=years_after(now, 0, days=100))
    assert not OutboxItem.objects.exists()
    assert not matti.email_codes.exists()
    assert SentNotice.objects.exists()
    services.erase_expired(now=years_after(now, 3))
    assert not SentNotice.objects.exists()


def test_open_work_is_never_tidied_away(matti, now):
    orders.submitted(matti)
    waiting = OutboxItem.objects.filter(done_at=None).count()
    services.erase_expired(now=years_after(now, 10))
    assert OutboxItem.objects.filter(done_at=None).count() == waiting > 0


def test_the_document_says_what_the_table_says():
    written = Path(__file__).parents[3] / "docs" / "retention.md"
    out = io.StringIO()
    call_command("retention", table=True, stdout=out)
    assert written.read_text() == out.getvalue() == retention.as_markdown()


def test_drafts_go_when_the_table_says():
    assert retention.DRAFTS.months == lapse.DRAFT_MONTHS


def test_the_command_erases_what_is_over(matti):
    application = waiting_for_csr(matti, "2020-01-15")
    actor = actor_for(matti)
    services.withdraw(
        application.pk, version=application.version, actor=actor, now=noon("2020-02-01")
    )
    out = io.StringIO()
    call_command("retention", stdout=out)
    assert "matti@example.fi" not in everything(application)
    assert out.getvalue().startswith("1 order erased")


def test_an_order_that_cannot_be_erased_is_said_and_the_others_are_erased(
    matti, maija, monkeypatch
):
    orders = [waiting_for_csr(who, "2020-01-15") for who in (matti, maija)]
    for order, who in zip(orders, (matti, maija), strict=True):
        services.withdraw(
            order.pk, version=order.version, actor=actor_for(who), now=noon("2020-02-01")
        )
    real = erase.transition.lock

    def lock(pk):
        if pk == orders[0].pk:
            raise OSError("its file is locked")
        return real(pk)

    monkeypatch.setattr(erase.transition, "lock", lock)
    with pytest.raises(CommandError, match="job_failed_for_one"):
        call_command("retention")
    orders[1].refresh_from_db()
    assert orders[1].erased_at

"""Who attaches the certificate of conformity, and what happens without it."""

import errno
import os
import resource
import signal
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from accounts.access import actor_for
from applications import checks, services
from applications.errors import Changed, Incomplete, NotPossible
from applications.models import Application
from applications.rules import sections
from applications.services.reviewer.may_act import FactsChanged
from applications.workflow import Status
from certportal.dev.builders import documents, orders, people
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.files.documents import NotPdf, NotStored
from issuance.findings import Finding, Severity
from issuance.models import Certificate
from tests.applications.conformity import bare
from tests.remembered import remembering

HOSPITAL = "1.2.246.10.99000093.10.100"


@pytest.fixture
def hilla(sample, now):
    """The administrator of a public provider, Järvi-Suomen hyvinvointialue."""
    return people.make_founder("Hilla Hyvinvointi", "9900009-3", now=now)


def parts(application: Application) -> set[str]:
    return {section.id for section in sections.asked(application, on=clock.day(clock.now()))}


def test_a_private_provider_attaches_it(matti):
    application = orders.draft(matti, "system_signature")
    assert "conformity" in parts(application)
    assert [one.id for one in sections.missing(application, on=clock.day(clock.now()))] == ["csr"]


@pytest.mark.parametrize("type", ["server", "test_server", "test_system_signature"])
def test_other_types_are_not_asked(matti, type):
    assert "conformity" not in parts(orders.draft(matti, type))


def test_a_public_provider_is_not_asked(hilla):
    application = orders.with_csr(hilla, "system_signature", unit=HOSPITAL)
    assert "conformity" not in parts(application)
    orders.submit(hilla, application)
    assert application.status == Status.CHECKING


def test_without_it_a_private_providers_order_is_not_sent(matti):
    application = bare(matti)
    orders.upload(matti, application, orders.openssl_csr())
    with pytest.raises(Incomplete) as refused:
        orders.submit(matti, application)
    assert refused.value.sections == ["conformity"]


def test_what_is_sent_holds_its_hash_and_fields(matti):
    application = orders.submitted(matti, "system_signature")
    attached = application.attachments.get()
    content = application.submission.content
    assert attached.sha256 in content
    assert '"conformity_valid_until":"2099-12-31"' in content
    assert '"conformity_class":"A3"' in content


def test_it_is_stored_under_a_name_of_our_own(matti, stored):
    application = orders.draft(matti, "system_signature")
    name = "../../../etc/\u202etodistus.pdf"
    orders.attach_conformity(matti, application, name=name)
    attached = application.attachments.get(removed_at=None)
    assert attached.name == "todistus.pdf"
    file = stored / attached.file.name
    assert file.name == attached.file.name
    assert "todistus" not in file.name
    assert file.read_bytes() == documents.pdf()


def test_a_file_that_is_no_pdf_changes_nothing(matti, stored):
    application = orders.draft(matti, "system_signature")
    before = sorted(stored.iterdir())
    with pytest.raises(NotPdf):
        orders.attach_conformity(matti, application, data=b"<html>")
    assert sorted(stored.iterdir()) == before
    assert application.attachments.filter(removed_at=None).count() == 1


@contextmanager
def full_disk(most=100):
    """Let no file grow beyond so many bytes: the kernel refuses as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, heard)


def test_a_full_disk_keeps_nothing_half_written(matti, stored):
    application = bare(matti)
    before = set(stored.iterdir())
    with full_disk(), pytest.raises(NotStored):
        orders.attach_conformity(matti, application)
    assert set(stored.iterdir()) == before
    assert not application.attachments.filter(removed_at=None).exists()
    orders.attach_conformity(matti, application)
    assert application.attachments.filter(removed_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_new_one_takes_the_place_and_the_old_file_goes(matti, stored):
    application = orders.draft(matti, "system_signature")
    orders.attach_conformity(matti, application, data=documents.pdf("Uusi"))
    (file,) = stored.iterdir()
    assert b"Uusi" in file.read_bytes()
    assert application.attachments.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_discarded_draft_takes_its_files_along(matti, stored):
    application = orders.draft(matti, "system_signature")
    services.discard(application.pk, **orders.Handler(matti, application).seen)
    assert list(stored.iterdir()) == []


def test_a_stale_page_attaches_nothing(matti):
    application = orders.draft(matti, "system_signature")
    with pytest.raises(Changed):
        services.add_attachment(
            application.pk,
            "conformity",
            data=documents.pdf(),
            name="a.pdf",
            version=1,
            actor=actor_for(matti),
            now=clock.now(),
        )


def test_nothing_is_removed_after_submission(matti, cas):
    application = orders.submitted(matti, "system_signature")
    attached = application.attachments.get()
    with pytest.raises(NotPossible):
        services.remove_attachment(
            application.pk, attached.pk, **orders.Handler(matti, application).seen
        )
    with pytest.raises(NotPossible):
        orders.attach_conformity(matti, application)


def test_one_that_expired_comes_back_to_the_applicant(matti, cas, now):
    application = orders.with_csr(matti, "system_signature")
    yesterday = clock.day(now) - timedelta(days=1)
    expired = orders.CONFORMITY | {"conformity_valid_until": yesterday}
    orders.attach_conformity(matti, application, fields=expired)
    orders.submit(matti, application)
    orders.drain()
    application.refresh_from_db()
    assert application.status == Status.INFO_REQUESTED
    assert [one["rule"] for one in application.findings][:1] == ["order.conformity_expired"]
    assert sections.editable(application, now=clock.now()) == {"conformity"}


def test_with_a_fault_of_the_certificate_request_it_comes_back_with_both(matti, cas, now):
    """So that one answer mends both."""
    application = orders.with_csr(matti, "system_signature")
    yesterday = clock.day(now) - timedelta(days=1)
    expired = orders.CONFORMITY | {"conformity_valid_until": yesterday}
    orders.attach_conformity(matti, application, fields=expired)
    orders.submit(matti, application)
    fault = Finding("key.in_use", Severity.ERROR, {})
    outcome = replace(checks.run(application, now=now), csr_findings=[fault])

    services.conclude(application.pk, outcome, now=now)

    application.refresh_from_db()
    assert sections.editable(application, now=now) == {"conformity", "csr"}


def test_a_reopened_part_keeps_what_was_sent_and_takes_a_new_one(matti, cas, now, stored):
    test_one_that_expired_comes_back_to_the_applicant(matti, cas, now)
    application = Application.objects.get()
    orders.attach_conformity(matti, application, data=documents.pdf("Uusi"))
    assert len(list(stored.iterdir())) >= 2
    orders.resubmit(matti, application)
    orders.drain()
    application.refresh_from_db()
    assert application.status == Status.IN_REVIEW
    first, second = application.submissions.all()
    replaced = application.attachments.exclude(removed_at=None).exclude(file="")
    sent = replaced.get(sha256=hash_of(first))
    assert sent.file.name and default_storage.exists(sent.file.name)
    assert hash_of(second) != hash_of(first)


def hash_of(submission) -> str:
    return submission.content.split('"attachments":["')[1][:64]


def test_one_missing_by_the_time_of_the_check_is_asked_for(matti, cas, now):
    application = orders.submitted(matti, "system_signature")
    application.attachments.update(removed_at=now)
    outcome = checks.run(application, now=now)
    assert [finding.rule for finding in outcome.order_findings] == ["order.conformity_missing"]
    assert outcome.sections == ["conformity"]


def test_a_sector_the_register_does_not_tell_is_shown_to_the_reviewer(hilla, cas, now, monkeypatch):
    application = orders.submitted(hilla, "system_signature", unit=HOSPITAL)
    monkeypatch.setattr("applications.rules.conformity.sector", lambda _application, on: None)
    outcome = checks.run(application, now=now)
    assert [one.rule for one in outcome.order_findings] == ["order.sector_unknown"]


def again(person, template: Application) -> Application:
    """Begin a new order on the basis of the earlier one."""
    return services.start(
        organisation=template.organisation,
        person=person,
        type=template.type,
        language="fi",
        template=template,
        actor=actor_for(person),
        now=clock.now(),
    )


@pytest.mark.django_db(transaction=True)
def test_a_new_order_on_an_earlier_one_has_a_copy_of_its_own(matti, stored):
    earlier = orders.draft(matti, "system_signature")
    new = again(matti, earlier)
    assert [one.id for one in sections.missing(new, on=clock.day(clock.now()))] == ["csr"]
    services.discard(earlier.pk, **orders.Handler(matti, earlier).seen)
    with new.attachments.get().file.open("rb") as file:
        assert file.read() == documents.pdf()
    assert len(list(stored.iterdir())) == 1


@pytest.mark.parametrize("change", [Path.unlink, lambda file: file.write_bytes(b"%PDF")])
def test_one_that_is_lost_or_damaged_is_asked_again(matti, stored, change):
    """It never comes back: nobody could begin the order again."""
    earlier = orders.draft(matti, "system_signature")
    (file,) = stored.iterdir()
    change(file)
    new = again(matti, earlier)
    assert "conformity" in [one.id for one in sections.missing(new, on=clock.day(clock.now()))]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EMFILE])
def test_one_that_cannot_be_read_now_is_not_taken_for_lost(matti, monkeypatch, number):
    """The disk or its rights are at fault: the order is begun when they are mended."""
    earlier = orders.draft(matti, "system_signature")

    def fails(*_where, **_how):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "_open", fails)
        with pytest.raises(Unavailable):
            again(matti, earlier)
    assert Application.objects.count() == 1
    assert again(matti, earlier).attachments.exists()


def test_one_that_is_out_of_date_is_asked_again(matti, now):
    earlier = orders.draft(matti, "system_signature")
    yesterday = clock.day(now) - timedelta(days=1)
    Application.objects.filter(pk=earlier.pk).update(conformity_valid_until=yesterday)
    earlier.refresh_from_db()
    new = again(matti, earlier)
    assert not new.attachments.exists()
    assert "conformity" in [one.id for one in sections.missing(new, on=clock.day(clock.now()))]
    assert new.conformity_number == earlier.conformity_number


def ending_today(matti):
    """Return an order, sent and checked, whose certificate of conformity ends today."""
    application = orders.with_csr(matti, "system_signature")
    today = orders.CONFORMITY | {"conformity_valid_until": clock.day(clock.now())}
    orders.attach_conformity(matti, application, fields=today)
    orders.submit(matti, application)
    orders.drain()
    return application


def claim(reviewer, application):
    seen = orders.Handler(reviewer, application).seen
    services.claim(application.pk, person=reviewer, **seen)
    orders.drain()


def test_one_that_has_expired_since_the_checks_is_approved_by_nobody(matti, riitta, cas, pass_days):
    application = ending_today(matti)
    pass_days(1)
    claim(riitta, application)
    with pytest.raises(FactsChanged, match="voimassaolo on päättynyt"):
        orders.approve(riitta, application)


def test_one_that_expires_before_the_signature_returns_the_case(matti, riitta, cas, pass_days):
    application = ending_today(matti)
    claim(riitta, application)
    orders.approve(riitta, application)
    pass_days(1)
    orders.drain()
    application.refresh_from_db()
    assert application.status == Status.IN_REVIEW
    assert application.findings[0]["rule"] == "order.conformity_expired"
    assert not Certificate.objects.exists()


@remembering
def asked(matti, riitta, section):
    """Return a case of which the reviewer has asked one part again."""
    application = orders.claimed(matti, riitta, "system_signature")
    services.request_info(
        application.pk,
        reason="Mistä järjestelmästä?",
        sections=[section],
        deadline=clock.day(clock.now()) + timedelta(days=14),
        person=riitta,
        **orders.Handler(riitta, application).seen,
    )
    return application


def cancel(reviewer, application):
    seen = orders.Handler(reviewer, application).seen
    return services.cancel_request(application.pk, person=reviewer, **seen)


def test_a_question_is_not_taken_back_once_another_document_was_attached(matti, riitta, cas):
    application = asked(matti, riitta, "conformity")
    orders.attach_conformity(matti, application, data=documents.pdf("Toisen järjestelmän"))
    with pytest.raises(NotPossible):
        cancel(riitta, application)


def test_nor_once_what_it_says_was_changed(matti, riitta, cas):
    application = asked(matti, riitta, "conformity")
    fields = orders.CONFORMITY | {"conformity_number": "VT-2026-0001"}
    seen = orders.Handler(matti, application).seen
    services.save_section(application.pk, "conformity", fields, **seen)
    with pytest.raises(NotPossible):
        cancel(riitta, application)


def test_it_is_taken_back_as_long_as_nothing_was_changed(matti, riitta, cas):
    application = asked(matti, riitta, "conformity")
    assert cancel(riitta, application).status == Status.IN_REVIEW

"""The page that shows every mail, and what all mails have in common."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from psycopg2.extensions import set_wait_callback

from accounts.models import Person
from applications.mail import orders
from applications.rules.told_together import ABOUT_ONE
from certportal.dev import sample_mails
from certportal.dev.builders import people
from certportal.dev.builders.mails import MAILS
from certportal.dev.sample_mails import empty_service
from certportal.foundation.database.database_limit import limit_answers
from certportal.foundation.mail import html
from certportal.foundation.models import Event, OutboxItem
from tests import begun
from tests.foundation.mail_rules import faults

TEMPLATES = Path(settings.BASE_DIR) / "templates"
pytestmark = pytest.mark.django_db
OF_REVOCATIONS = {f"revocation_{what}" for what in ("proposed", "declined", "due")}
OF_REVOCATIONS.add("revoked_by_reviewer")


@pytest.fixture(scope="module")
def samples(django_db_setup, django_db_blocker):
    """Every mail, made once, as in a web process; the database is as it was afterwards."""
    limit_answers()
    try:
        with django_db_blocker.unblock():
            return begun.mails_made_once()
    finally:
        set_wait_callback(None)


def test_the_page_shows_every_mail_in_every_language(client, samples, monkeypatch):
    monkeypatch.setattr(sample_mails, "samples", lambda: samples)
    at_once = client.get("/dev/mail/samples/")
    assert "<article" not in at_once.text
    assert "20" in at_once.text
    page = client.get(at_once["Refresh"].partition("url=")[2])
    assert page.status_code == 200
    text = page.content.decode()
    for sample in samples:
        assert f'id="{sample.name}"' in text
    assert text.count("<article") == len(samples)


def test_every_mail_there_is_has_a_sample_in_every_language(samples):
    shown = {(sample.name, sample.message.language) for sample in samples}
    assert {(name, language) for name in MAILS for language in sample_mails.LANGUAGES} == shown
    files = {path.stem for path in TEMPLATES.glob("*/mail/*.txt") if not path.name.startswith("_")}
    assert files == set(MAILS)


def test_each_mail_stands_alone(samples):
    for sample in samples:
        message = sample.message
        assert message.to
        assert message.subject == message.subject.strip() != ""
        assert "None" not in message.text, sample
        assert not re.search(r"^ (?! )", message.text, re.MULTILINE), sample
        assert not re.search(r"[{}<]|&\w+;|\n\n\n", message.text), sample
        assert sample.name == "feedback" or settings.PORTAL_BASE_URL in message.text, sample


def test_each_mail_is_shown_alike_by_all_mail_programs(samples):
    for sample in samples:
        mail = sample.message
        page = html.page(mail.subject, mail.text, mail.language)
        assert list(faults(page, mail.subject, mail.text, mail.language)) == [], sample
        carried = sum(len(file.content) for file in mail.files) * 4 / 3  # base64
        assert len(page.encode()) + len(mail.text.encode()) + carried <= html.MOST_BYTES, sample


def test_the_mails_about_one_order_are_a_thread_by_its_number(samples):
    threads = {sample.name: sample.message for sample in samples if sample.message.thread}
    assert {"receipt", "information_wanted", "package", "renewal", "revoked"} <= threads.keys()
    assert not {"bulk_receipt", "csrs_attached", "links_sent", *ABOUT_ONE} & threads.keys()
    assert all(mail.thread in mail.subject for mail in threads.values())


def test_the_order_number_stands_in_the_subject_and_none_claims_to_be_a_test(samples):
    """That of a mail about several orders counts them."""
    several = {"bulk_receipt", "csrs_attached", "links_sent", *ABOUT_ONE}
    for sample in samples:
        if sample.name in set(orders.MAILS) - several:
            assert re.search(r"^[^:]*\w: \S+ \((\w+, )?SV-\d{4}-\d{5}\)$", sample.message.subject)
        assert not re.match(r"\[TESTI?\]", sample.message.subject)
        if sample.name in OF_REVOCATIONS:
            assert re.search(r"\w: \S+ \(SV-\d{4}-\d{5}\)$", sample.message.subject)


def test_mails_about_orders_lead_to_revoking_and_those_about_logins_do_not(samples):
    logins = {"email_code", "invitation", "invitation_code", "mailbox_code", "right_confirmed"}
    logins |= {"second_factor", "address_changed"}
    for sample in samples:
        if sample.name in logins:
            assert "#revoke" not in sample.message.text, sample
        elif sample.name in orders.MAILS or sample.name.startswith("consent_"):
            assert "#revoke" in sample.message.text, sample


def test_who_is_not_on_the_account_reads_whom_to_tell_of_a_revocation(samples):
    told = {"revoked", "revocation_reported"}
    outside = [one for one in samples if one.name in told and one.reader != "applicant"]
    assert {one.reader for one in outside} >= {"mailbox", "recipient", "deputy"}
    assert all("Matti Meikäläinen" in one.message.text for one in outside)


def test_each_mail_names_whom_to_ask(samples):
    """But feedback to the service's own people, and what is mailed to auditors."""
    for sample in samples:
        if sample.name not in {"feedback", "event_log_head"}:
            assert "vptuotanto@dvv.fi" in sample.message.text, sample


def test_the_languages_differ(samples):
    for name in set(MAILS) - {"event_log_head", "feedback"}:
        subjects = {(s.message.language, s.message.subject) for s in samples if s.name == name}
        for language in sample_mails.LANGUAGES:
            here = {subject for spoken, subject in subjects if spoken == language}
            others = {subject for spoken, subject in subjects if spoken != language}
            assert here, name
            assert not here & others, name


def test_the_codes_are_as_long_as_the_ones_people_get(samples):
    for name in ("email_code", "invitation_code", "mailbox_code"):
        for sample in samples:
            if sample.name == name:
                assert re.search(r"\b\d{4} \d{4}\b", sample.message.text)


def test_the_samples_leave_the_database_and_the_files_as_they_are(matti, settings):
    before = Event.objects.count(), OutboxItem.objects.count(), settings.PORTAL_DATA
    with empty_service():
        assert not Person.objects.exists()
        people.make_reviewer("Siv Granskare")
        assert settings.PORTAL_DATA != before[2]
    assert (Event.objects.count(), OutboxItem.objects.count(), settings.PORTAL_DATA) == before

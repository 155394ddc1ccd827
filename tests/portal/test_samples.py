"""The page that shows every mail, and what all mails have in common."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from applications import consequences, notices
from certportal import samples
from certportal.foundation import clock

ALL = list(samples.samples(now=clock.now()))
TEMPLATES = Path(settings.BASE_DIR) / "templates"


def name(sample) -> str:
    return f"{sample.notice}-{sample.reader}-{sample.message.language}"


def test_the_page_shows_every_mail_in_every_language(client, db):
    page = client.get("/dev/mail/samples/")
    assert page.status_code == 200
    text = page.content.decode()
    for sample in ALL:
        assert f'id="{sample.notice}"' in text
    assert text.count("<article") == len(ALL)


def test_every_mail_there_is_has_a_sample():
    shown = {sample.notice for sample in ALL}
    files = {path.stem for path in TEMPLATES.glob("*/mail/*.txt") if not path.name.startswith("_")}
    assert files <= shown
    assert set(notices.NOTICES) <= shown


def test_every_notice_that_follows_from_an_action_can_be_written():
    followed = {
        notice for what in consequences.CONSEQUENCES.values() for notice, _to in what.notices
    }
    assert followed <= set(notices.NOTICES)


@pytest.mark.parametrize("sample", ALL, ids=name)
def test_each_mail_stands_alone(sample):
    message = sample.message
    assert message.to
    assert message.subject == message.subject.strip() != ""
    assert "None" not in message.text
    assert not re.search(r"[{}<]|&\w+;|\n\n\n\n", message.text)
    assert settings.PORTAL_BASE_URL in message.text


@pytest.mark.parametrize("notice", [*notices.NOTICES, "mailbox_code"])
def test_the_order_number_stands_in_the_subject(notice):
    for sample in ALL:
        if sample.notice == notice:
            assert "SV-2026-00042" in sample.message.subject


def test_the_languages_differ():
    for notice in {sample.notice for sample in ALL}:
        subjects = {
            s.message.subject for s in ALL if s.notice == notice and s.reader != "technical_contact"
        }
        assert len(subjects) == len(samples.LANGUAGES), notice

"""The page of every mail, looked at in a browser on two screens."""

import pytest

from certportal.dev import sample_mails
from tests.accessibility import check_both_widths
from tests.gallery.conftest import (
    _browser_beside_database as _browser_beside_database,
    browser_type_launch_args as browser_type_launch_args,
    watched as watched,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_mail_reads_well_on_two_screens(watched, server, monkeypatch):
    made = sample_mails.samples()  # takes longer than a browser waits on a busy machine
    monkeypatch.setattr(sample_mails, "samples", lambda: made)
    watched.goto(f"{server}/dev/mail/samples/")
    watched.wait_for_selector("article")  # the page that says that they are made follows by itself
    check_both_widths(watched)
    watched.goto(f"{server}/dev/mail/")
    check_both_widths(watched)

"""The operator tells something on all pages, in three languages, from one moment until another."""

import io
from datetime import timedelta
from functools import cache

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client

from certportal.dev.builders import people
from certportal.foundation import agency, clock, notices
from certportal.foundation.actors import system
from certportal.foundation.models import Event, ServiceNotice
from tests.accessibility import check_in_turn
from tests.gallery.conftest import (
    _browser_beside_database as _browser_beside_database,
    browser_type_launch_args as browser_type_launch_args,
    watched as watched,
)
from tests.packaging.files import ROOT

READ = notices.read
TEXTS = {
    "fi": "Huoltokatko tiistaina illalla.",
    "sv": "Serviceavbrott på tisdag kväll.",
    "en": "Maintenance on Tuesday evening.",
}
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _notices_are_read(monkeypatch):
    monkeypatch.setattr(notices, "read", READ)


def announce(now, *, begins=timedelta(0), lasts=HOUR, **texts):
    given = {"begins_at": now + begins, "ends_at": now + begins + lasts}
    return notices.announce(TEXTS | texts, **given, actor=system("test"), now=now)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("service_notice", *arguments, stdout=out)
    return out.getvalue()


def texts_as_arguments() -> list[str]:
    return [f"--{code}={text}" for code, text in TEXTS.items()]


@pytest.mark.django_db
def test_every_kind_of_page_shows_it_in_its_language(now, matti, riitta):
    announce(now)
    visitor, member = Client(), people.log_in(Client(), matti)
    reviewer = people.log_in(Client(), riitta)
    for code, text in TEXTS.items():
        for client, path in [
            (visitor, f"/{code}/"),
            (visitor, f"/{code}/contact/"),
            (visitor, f"/{code}/nowhere/"),
            (member, f"/{code}/home/"),
            (reviewer, f"/{code}/console/"),
        ]:
            assert text in client.get(path).text, path


@pytest.mark.django_db
def test_before_and_after_its_period_nothing_is_shown(now):
    announce(now, begins=HOUR)
    assert notices.shown(now=now) == []
    assert notices.shown(now=now + HOUR) == [TEXTS["fi"]]
    assert notices.shown(now=now + 2 * HOUR) == []


@pytest.mark.django_db
def test_it_is_read_once_in_a_while_and_not_for_each_page(now, django_assert_num_queries):
    announce(now)
    notices.shown(now=now)
    with django_assert_num_queries(0):
        assert notices.shown(now=now + notices.KEPT_FOR / 2) == [TEXTS["fi"]]
    with django_assert_num_queries(1):
        notices.shown(now=now + notices.KEPT_FOR)


@pytest.mark.django_db
def test_while_the_database_does_not_answer_the_last_ones_are_shown(now, monkeypatch):
    announce(now)
    notices.shown(now=now)
    asked = []

    def fail(*, now):
        asked.append(now)
        raise OperationalError

    monkeypatch.setattr(notices, "read", fail)
    later = now + notices.KEPT_FOR
    assert notices.shown(now=later) == notices.shown(now=later) == [TEXTS["fi"]]
    assert len(asked) == 1


@pytest.mark.django_db
def test_the_operator_announces_lists_and_ends(now):
    until = (now + HOUR).astimezone(clock.HELSINKI).strftime("%Y-%m-%dT%H:%M")
    said = run(*texts_as_arguments(), f"--until={until}")
    made = ServiceNotice.objects.get()
    assert f"{made.pk}: " in said
    assert TEXTS["sv"] in run()
    assert "No notice" in run(f"--end={made.pk}")
    actions = Event.objects.filter(object_id=str(made.pk)).order_by("id")
    assert [one.action for one in actions] == ["service_notice.set", "service_notice.ended"]
    assert TEXTS["fi"] not in str([one.data for one in actions])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--fi=Katko"], "is not a time"),
        (["--fi=Katko", "--until=2099-01-01"], "every language"),
        ([*texts_as_arguments(), "--sv=\u2800", "--until=2099-01-01"], "every language"),
        ([*texts_as_arguments(), "--until=huomenna"], "“huomenna” is not a time"),
        ([*texts_as_arguments(), "--until=2020-01-01T10:00"], "in the future"),
        ([*texts_as_arguments(), "--from=2099-01-02", "--until=2099-01-01"], "after the beginning"),
        ([f"--{code}={'x' * 501}" for code in TEXTS] + ["--until=2099-01-01"], "Shorten"),
        (["--end=1"], "no notice of this number"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(arguments, told):
    with pytest.raises(CommandError, match=told):
        run(*arguments)
    assert not ServiceNotice.objects.exists()


@pytest.mark.django_db
def test_markup_is_shown_as_it_was_written(now):
    announce(now, fi="<script>alert(1)</script> & muuta")
    page = Client().get("/fi/").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; muuta" in page


@pytest.mark.django_db(transaction=True)
def test_in_a_browser(watched, server, now, monkeypatch):
    """With hours and an on-call number, which are in the foot of each page."""
    monkeypatch.setenv("AGENCY_FILE", str(ROOT / "deploy/agency.example.toml"))
    told = cache(agency.facts.__wrapped__)
    monkeypatch.setattr(agency, "facts", told)
    announce(now)
    announce(now, en="A_name_that_is_as_long_as_a_name_of_a_host_may_be.example.fi is down.")
    for code in TEXTS:
        for path in ("", "contact/"):
            watched.goto(f"{server}/{code}/{path}")
            check_in_turn(watched)

"""The key of the identity hash is changed while people go on logging in."""

from io import StringIO

import pytest
from django.core.management import call_command

from accounts.models import Identifier
from accounts.services.people import recognise
from certportal.dev.builders.people import NOW, identity_of
from certportal.foundation.models import Event

pytestmark = pytest.mark.django_db
OLD, NEW = "1:" + "11" * 32, "2:" + "22" * 32


def log_in(code, kind="hetu"):
    identity = identity_of(code, kind=kind)
    return recognise.recognise(identity, language="fi", address="192.0.2.1", now=NOW).person


def report(*arguments):
    out = StringIO()
    call_command("rotate_identifiers", *arguments, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def two(settings):
    """Two persons from the time of the old key; the new one has just been put first."""
    settings.IDENTITY_KEYS = OLD
    pair = log_in("131052-308T"), log_in("SE/FI/1", kind="eidas")
    settings.IDENTITY_KEYS = f"{NEW},{OLD}"
    return pair


def test_report_tells_who_is_left(two):
    assert report() == ["Under key 2: 0", "Not yet: 2"]

    assert log_in("131052-308T") == two[0]

    assert report() == ["Under key 2: 1", "Not yet: 1"]


def test_old_hashes_go_only_where_there_is_a_new_one(two, settings):
    log_in("131052-308T")

    assert report("--drop") == ["Old hashes removed: 1", "Under key 2: 1", "Not yet: 1"]

    assert set(Identifier.objects.values_list("kind", "key_version")) == {("hetu", 2), ("eidas", 1)}
    settings.IDENTITY_KEYS = NEW
    assert log_in("131052-308T") == two[0]
    assert Event.objects.get(action="identifiers.superseded_dropped").data == {"count": 1}


def test_report_changes_nothing(two):
    report()

    assert Identifier.objects.count() == 2
    assert not Event.objects.filter(action="identifiers.superseded_dropped").exists()


def test_who_never_came_back_is_a_new_person_once_the_old_key_is_gone(two, settings):
    settings.IDENTITY_KEYS = NEW

    assert log_in("131052-308T") not in two

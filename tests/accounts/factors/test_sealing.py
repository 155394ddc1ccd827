"""The service's secret key is changed: second factors are encrypted under the new one."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from accounts.factors.adapter import Adapter
from accounts.factors.digests import digest_of
from accounts.services.people import sealed_factors
from certportal.dev.builders import people
from certportal.foundation.models import Event

pytestmark = pytest.mark.django_db
SEALED = "second_factor.sealed_anew"


def report(*arguments):
    out = StringIO()
    call_command("seal_second_factors", *arguments, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def changed(enrolled, settings):
    """Riitta set up an app, with recovery codes; then the key was changed."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the second", [settings.SECRET_KEY]
    return enrolled


def test_what_an_earlier_key_has_sealed_opens_without_it_afterwards(changed, spare, settings):
    code = spare()

    assert report() == [
        "Encrypted again: 2",
        "Under the newest secret key: 2",
        "Under an earlier key: 0",
    ]

    settings.SECRET_KEY_FALLBACKS = []
    again = changed.again()
    assert again.post("second_factor", code=again.code()).status_code == 302
    assert changed.again().post("second_factor", code=code).status_code == 302


def test_the_check_changes_nothing_and_fails_as_long_as_an_earlier_key_is_needed(changed):
    with pytest.raises(CommandError, match="SECRET_KEY_FALLBACKS is still needed"):
        report("--check")
    assert not Event.objects.filter(action=SEALED).exists()
    report()
    assert report("--check") == ["Under the newest secret key: 2", "Under an earlier key: 0"]


def test_each_is_sealed_once_although_the_first_run_is_killed(
    enrolled, raimo, settings, monkeypatch
):
    people.add_app(raimo.logins.get())
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the second", [settings.SECRET_KEY]
    sealed, calls = Adapter.sealed_anew, []

    def killed(adapter, text):
        calls.append(text)
        if len(calls) == 3:
            raise SystemExit
        return sealed(adapter, text)

    with monkeypatch.context() as patch:
        patch.setattr(Adapter, "sealed_anew", killed)
        with pytest.raises(SystemExit):
            report()
    left = sealed_factors.standing().earlier
    assert 0 < left < 3

    assert report()[0] == f"Encrypted again: {left}"
    told = Event.objects.filter(action=SEALED).values_list("data__factor", flat=True)
    assert sorted(told) == sorted(digest_of(row) for row in Authenticator.objects.all())
    assert report()[0] == "Encrypted again: 0"


def test_a_secret_under_a_lost_key_is_counted_and_left_alone(changed, settings):
    settings.SECRET_KEY_FALLBACKS = []
    assert report() == [
        "Encrypted again: 0",
        "Under the newest secret key: 0",
        "Under an earlier key: 0",
        "Under none of the keys: 2",
    ]

"""The six digits of an app, and how secrets lie in the database."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.fernet import InvalidToken

from accounts.factors import app_codes
from accounts.factors.adapter import Adapter

# RFC 6238, appendix B: the SHA-1 secret, and the last six of the eight digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")]


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_are_those_of_the_standard(seconds, code):
    assert app_codes.code_at(SECRET, app_codes.step_at(at(seconds))) == code


@pytest.mark.parametrize(
    ("drift", "accepted"), [(-60, False), (-30, True), (30, True), (60, False)]
)
def test_a_clock_may_be_half_a_minute_off(drift, accepted):
    code = app_codes.code_at(SECRET, app_codes.step_at(at(179 + drift)))
    assert (app_codes.matching_step(SECRET, code, after=-9, now=at(179)) is not None) is accepted


def test_a_code_used_once_is_used_up_and_so_are_earlier_ones():
    step = app_codes.step_at(at(59))
    for earlier in (step - 1, step):
        code = app_codes.code_at(SECRET, earlier)
        assert app_codes.matching_step(SECRET, code, after=step, now=at(59)) is None


def test_secrets_are_sealed_and_open_with_an_earlier_key_too(settings):
    settings.SECRET_KEY = "the first"
    sealed = Adapter().encrypt(SECRET)
    assert SECRET not in sealed
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the second", ["the first"]
    assert Adapter().decrypt(sealed) == SECRET
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        Adapter().decrypt(sealed)


@pytest.mark.parametrize("place", [0, 20, -1])
def test_a_sealed_secret_that_was_changed_opens_no_more(place):
    sealed = Adapter().encrypt(SECRET)
    other = "A" if sealed[place] != "A" else "B"
    changed = sealed[:place] + other + (sealed[place + 1 :] if place != -1 else "")
    with pytest.raises(InvalidToken):
        Adapter().decrypt(changed)

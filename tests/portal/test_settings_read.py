"""Numbers and secrets of the environment: what cannot be used is told in a sentence."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from certportal import env


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "two", "nan", "1e3", " "])
def test_what_is_no_whole_number_of_approvals_is_refused(monkeypatch, given):
    monkeypatch.setenv("APPROVALS_TEST", given)
    with pytest.raises(ImproperlyConfigured) as told:
        env.whole("APPROVALS_TEST", 1, least=1)
    assert str(told.value) == f"APPROVALS_TEST must be a whole number, at least 1, not {given!r}."


@pytest.mark.parametrize("given", ["-0.5", "inf", "nan", "1,5", "viikko"])
def test_what_is_no_number_is_refused(monkeypatch, given):
    monkeypatch.setenv("REGISTER_MAX_AGE_HOURS", given)
    with pytest.raises(ImproperlyConfigured, match="must be a number, at least 0, not"):
        env.number("REGISTER_MAX_AGE_HOURS", 72)


@pytest.mark.parametrize(("given", "read"), [("", 72), ("0", 0), ("1.5", 1.5), ("100", 100)])
def test_a_number_is_read_and_without_one_there_is_the_default(monkeypatch, given, read):
    monkeypatch.setenv("REGISTER_MAX_AGE_HOURS", given)
    assert env.number("REGISTER_MAX_AGE_HOURS", 72) == read


def test_a_secret_whose_file_cannot_be_read_is_told_without_its_content(monkeypatch, tmp_path):
    for name, content, why in (
        ("absent", None, "No such file or directory"),
        ("key.der", b"salaisuus\xff", "it is no text in UTF-8"),
    ):
        place = tmp_path / name
        if content is not None:
            place.write_bytes(content)
        monkeypatch.setenv("SECRET_KEY_FILE", str(place))
        with pytest.raises(ImproperlyConfigured) as told:
            env.secret("SECRET_KEY")
        assert str(told.value).startswith(f"SECRET_KEY_FILE names {place}, which cannot be read:")
        assert why in str(told.value)
        assert "salaisuus" not in str(told.value)

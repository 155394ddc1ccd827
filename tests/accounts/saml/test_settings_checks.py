"""A production whose SAML settings cannot work, or trust too much, does not start."""

from datetime import timedelta
from pathlib import Path

import pytest

from accounts import system_checks
from accounts.identification.saml import settings_checks
from certportal.foundation import clock
from tests.accounts.saml import idp
from tests.accounts.saml.pairs import make_pair

LEVEL = "http://ftn.ficora.fi/2017/loa3"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Keys of ours and metadata of a provider at an https address."""
    directory = tmp_path_factory.mktemp("production")
    make_pair(directory, "idp")
    xml = idp.metadata(directory, 1).replace("http://127.0.0.1:1/s", "https://idp.example.fi/s")
    (directory / "idp.xml").write_text(xml)
    (directory / "plain.xml").write_text(idp.metadata(directory, 1))
    return directory, make_pair(directory, "sp"), make_pair(directory, "other")


@pytest.fixture
def problems(files, settings, monkeypatch):
    """Return the problems of a production with these changes."""
    directory, own, _other = files
    monkeypatch.setattr(system_checks, "_test_provider_is_served", lambda: False)
    sound = {
        "base_url": "https://portal.example.fi",
        "keys": (own,),
        "metadata": str(directory / "idp.xml"),
        "idp_entity_id": "",
        "levels": (LEVEL,),
    }

    def judge(**changes):
        settings.PORTAL_ENV = "production"
        backend = "accounts.identification.saml.provider.Saml"
        settings.IDENTIFICATION = {"BACKEND": backend, "OPTIONS": sound | changes}
        return [message.id for message in system_checks.identification(None)]

    return judge


def test_sound_settings_pass(problems):
    assert problems() == []


@pytest.mark.parametrize(
    "level", ["http://ftn.ficora.fi/2017/loatest2", "urn:oid:1.2.246.517.3002.110.999"]
)
def test_levels_of_test_providers_are_refused(problems, level):
    assert problems(levels=(LEVEL, level)) == ["accounts.E002"]


def test_address_key_and_metadata_must_be_there(problems, files):
    directory = files[0]
    assert problems(base_url="http://portal.example.fi") == ["accounts.E006"]
    assert problems(keys=()) == ["accounts.E007"]
    assert problems(keys=(("/none.crt", "/none.key"),)) == ["accounts.E008"]
    assert problems(metadata="/none.xml") == ["accounts.E012"]
    assert problems(idp_entity_id="https://another.example") == ["accounts.E012"]
    assert problems(metadata=str(directory / "plain.xml")) == ["accounts.E013"]


def test_key_must_be_that_of_the_certificate(problems, files):
    _directory, own, other = files

    assert problems(keys=((own[0], other[1]),)) == ["accounts.E010"]


def test_short_keys_are_refused(problems, monkeypatch):
    monkeypatch.setattr(settings_checks, "SMALLEST_KEY", 4096)

    assert problems() == ["accounts.E009"]


@pytest.mark.parametrize(("days", "problem"), [(45, "accounts.W001"), (61, "accounts.E011")])
def test_certificate_that_ends_is_told_in_time(problems, monkeypatch, days, problem):
    later = clock.now() + timedelta(days=days)
    monkeypatch.setattr(settings_checks.clock, "now", lambda: later)

    assert problem in problems()


def test_next_key_is_looked_at_as_well(problems, files):
    _directory, own, other = files
    assert problems(keys=(own, other)) == []
    assert problems(keys=(own, (str(Path(other[0])), own[1]))) == ["accounts.E010"]

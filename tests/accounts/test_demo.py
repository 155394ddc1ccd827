"""Whom one may log in as outside production, and that production knows nothing of it."""

from importlib import reload
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import access, system_checks
from accounts.identification import claims
from accounts.identification.testidp import persons, tokens
from accounts.models import Person, User
from accounts.services import demo
from accounts.urls import machines
from certportal.dev.builders.people import NOW

pytestmark = pytest.mark.django_db

TRUSTED = {
    "issuer": "https://idp.example.fi",
    "client_id": "portal",
    "client_secret": "secret",
    "levels": ("http://ftn.ficora.fi/2017/loa3",),
}


@pytest.fixture
def production(settings, monkeypatch):
    """Settings as production has them."""
    settings.PORTAL_ENV = "production"
    settings.IDENTITY_KEYS = "1:" + "5a" * 32
    settings.IDENTIFICATION = {"BACKEND": "x", "OPTIONS": TRUSTED}
    monkeypatch.setattr(system_checks, "_test_provider_is_served", lambda: False)
    return settings


def problems():
    return [
        message.id
        for check in (system_checks.identification, system_checks.identity_keys)
        for message in check(None)
    ]


def test_reviewers_and_superuser_get_their_roles_once():
    for _time in range(2):
        call_command("demo_people", stdout=StringIO())

    reviewers = [person for person in Person.objects.all() if access.is_reviewer(person)]
    assert sorted(map(str, reviewers)) == ["Raimo Ratkaisija", "Riitta Ratkaisija"]
    assert str(User.objects.get(is_superuser=True)) == "Sofia Suurkäyttäjä"


def test_person_granted_a_role_is_who_logs_in():
    demo.grant_demo_roles(now=NOW)

    login = demo.login_of(persons.find("riitta"), now=NOW)

    assert access.is_reviewer(login.person)


def test_list_names_everybody_and_changes_nothing():
    out = StringIO()

    call_command("demo_people", "--list", stdout=out)

    assert all(str(person) in out.getvalue() for person in persons.PERSONS)
    assert not Person.objects.exists()


@pytest.mark.parametrize("person", persons.PERSONS, ids=str)
def test_every_test_person_can_be_identified(person):
    assert claims.identity(person.claims()).family_name == person.family_name


def test_production_has_no_demo_people(production):
    with pytest.raises(CommandError):
        call_command("demo_people", stdout=StringIO())


def test_production_serves_no_test_provider(production):
    try:
        names = [str(pattern.pattern) for pattern in reload(machines).urlpatterns]
    finally:
        production.PORTAL_ENV = "test"
        reload(machines)

    assert names[0] == "identification/return"
    assert not any(name.startswith("testidp") for name in names)


def test_production_refuses_the_test_persons_codes(production):
    with pytest.raises(claims.NotIdentified):
        claims.identity(persons.PERSONS[0].claims())


def test_sound_production_passes_the_checks(production):
    assert problems() == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"issuer": "http://idp.example.fi"}, "accounts.E001"),
        ({"issuer": ""}, "accounts.E001"),
        ({"levels": (tokens.LEVEL,)}, "accounts.E002"),
        ({"client_secret": ""}, "accounts.E003"),
    ],
    ids=str,
)
def test_production_that_trusts_too_much_is_refused(production, change, problem):
    production.IDENTIFICATION = {"BACKEND": "x", "OPTIONS": {**TRUSTED, **change}}

    assert problems() == [problem]


def test_production_that_serves_the_test_provider_is_refused(production, monkeypatch):
    monkeypatch.undo()
    production.PORTAL_ENV = "production"

    assert "accounts.E002" in problems()


@pytest.mark.parametrize(
    ("keys", "problem"), [("", "accounts.E004"), ("1:" + "00" * 32, "accounts.E005")]
)
def test_production_needs_a_secret_identity_key(production, keys, problem):
    production.IDENTITY_KEYS = keys

    assert problems() == [problem]


def test_development_is_not_held_to_it():
    assert problems() == []

"""What an owner of the database does to roles and second factors is named."""

from datetime import datetime

import pytest
from allauth.mfa.models import Authenticator
from pytest_django import Settings

from accounts.models import Person, User
from accounts.services.people import erase, merge, sealed_factors, second_factor
from accounts.services.rights import staff_roles
from certportal.dev.builders import people
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.event_log.verifying import Kind
from tests.issuance.event_log.conftest import AsOwner
from tests.issuance.event_log.rows import TESTS, add_passkey, named, only

pytestmark = pytest.mark.django_db(transaction=True)


def test_roles_and_factors_of_persons_who_are_one_follow_them(
    login: User, riitta: Person, now: datetime
) -> None:
    other = people.make_person("Riitta Ratkaiseva", now=now)
    (spare,) = other.logins.all()
    people.prove_second_factor(spare)
    merge.merge(riitta, into=other, actor=TESTS, now=now)
    assert named() == []
    staff_roles.end_reviewer(other, actor=TESTS, now=now)
    erase.erase_person(other.pk, now=now)
    assert not Authenticator.objects.exists()
    assert named() == []


def test_a_factor_that_was_taken_away_is_missed_by_nobody(login: User, now: datetime) -> None:
    second_factor.reset(login.person, actor=TESTS, now=now)  # type: ignore[arg-type]
    people.add_app(login)
    people.add_app(login)
    second_factor.make_recovery_codes(login, actor=TESTS, now=now)
    second_factor.make_recovery_codes(login, actor=TESTS, now=now)
    assert named() == []


def test_a_factor_that_another_key_has_sealed_is_the_one_of_before(
    login: User, settings: Settings, now: datetime
) -> None:
    second_factor.make_recovery_codes(login, actor=TESTS, now=now)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the second", [settings.SECRET_KEY]
    assert sealed_factors.seal_anew(actor=TESTS, now=now) == 2
    assert named() == []


def test_a_role_that_was_inserted_is_named(
    keyed: Verifier, as_owner: AsOwner, maija: Person, now: datetime
) -> None:
    as_owner(
        "INSERT INTO accounts_staffrole (person_id, kind, granted_at) VALUES (%s, 'reviewer', %s)",
        *[str(maija.pk), now],
    )
    only(Kind.UNTOLD, f"role reviewer of person:{maija.pk}, by nobody at 2026-")


def test_a_role_that_was_handed_to_another_is_named_at_both(
    keyed: Verifier, as_owner: AsOwner, maija: Person, riitta: Person
) -> None:
    as_owner("UPDATE accounts_staffrole SET person_id = %s", str(maija.pk))
    (inserted, _), (gone, about) = named()
    assert (inserted, gone) == (Kind.UNTOLD, Kind.UNDONE)
    assert about.startswith(f"role reviewer of person:{riitta.pk}, given by system:test at ")


def test_a_superuser_made_by_hand_is_named(login: User, as_owner: AsOwner, now: datetime) -> None:
    as_owner("UPDATE accounts_user SET is_superuser = true WHERE id = %s", str(login.pk))
    only(Kind.UNTOLD, f"superuser's right of login {login.pk} ")
    staff_roles.make_superuser(login, actor=TESTS, now=now)
    assert named() == []
    as_owner("UPDATE accounts_user SET is_superuser = false, is_staff = false")
    only(Kind.UNDONE, f"superuser's right of login {login.pk}, given by system:test at ")


def test_a_passkey_that_was_inserted_is_named(
    login: User, as_owner: AsOwner, now: datetime
) -> None:
    as_owner(
        "INSERT INTO mfa_authenticator (user_id, type, data, created_at)"
        " VALUES (%s, 'webauthn', '{}', %s)",
        *[str(login.pk), now],
    )
    only(Kind.UNTOLD, rf"second factor \(webauthn\) of login {login.pk}, made at 2026-")


def test_a_passkey_put_in_the_place_of_another_is_named(
    login: User, as_owner: AsOwner, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    add_passkey(login, monkeypatch, now)
    as_owner(
        "UPDATE mfa_authenticator SET data = jsonb_set(data::jsonb, '{credential,id}', '\"mine\"')"
        " WHERE type = 'webauthn'"
    )
    assert [kind for kind, about in named() if f"login {login.pk}" in about] == [
        Kind.UNTOLD,
        Kind.UNDONE,
    ]


def test_of_a_factor_that_its_event_does_not_name_the_number_counts(
    login: User, as_owner: AsOwner, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    """The version before recorded of which kind it was."""
    add_passkey(login, monkeypatch, now)
    as_owner("UPDATE foundation_event SET data = data - 'factor'")
    assert named() == []
    as_owner(
        "INSERT INTO mfa_authenticator (user_id, type, data, created_at)"
        " VALUES (%s, 'webauthn', '{}', %s)",
        *[str(login.pk), now],
    )
    only(Kind.UNTOLD, r"second factor \(webauthn\)")

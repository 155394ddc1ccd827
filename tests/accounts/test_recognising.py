"""A person is recognised by a keyed hash, through key changes, merges and twin logins."""

import threading

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from accounts.identification import hashing
from accounts.identification.claims import read_hetu
from accounts.models import Identifier, Person, User
from accounts.services.people import recognise as recognise_people
from certportal.dev.builders.people import NOW, identity_of
from certportal.foundation.models import Event

OLD = "1:" + "11" * 32
NEW = "2:" + "22" * 32
CODE = "131052-308T"


def recognise(code=CODE, name="Matti Meikäläinen", kind="hetu"):
    identity = identity_of(code, name, kind)
    return recognise_people.recognise(identity, language="fi", address="192.0.2.1", now=NOW)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("131052-308T", "131052-308T"),
        ("131052Y308T", "131052Y308T"),
        ("131052V308T", "131052V308T"),
        ("131052-308U", None),
        ("311352-308T", None),
        ("131052-308", None),
        ("", None),
        ("1310523308T", None),
    ],
)
def test_identity_code_is_checked_with_its_new_separators(typed, read):
    assert read_hetu(typed, temporary_allowed=False) == read


@pytest.mark.parametrize("sign", "-YXWVU+ABCDEF")
def test_every_century_sign_is_read(sign):
    year = {"+": "010180"}.get(sign, "010105" if sign in "ABCDEF" else "010180")
    check = "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(f"{year}123") % 31]

    assert read_hetu(f"{year}{sign}123{check}", temporary_allowed=False)


def test_temporary_codes_are_for_tests_alone():
    assert read_hetu("010180-9015", temporary_allowed=True)
    assert read_hetu("010180-9015", temporary_allowed=False) is None


@pytest.mark.django_db
class TestRecognising:
    def test_same_code_is_the_same_person(self):
        assert recognise().pk == recognise().pk
        assert Person.objects.count() == 1

    def test_century_sign_tells_persons_apart(self):
        assert recognise("131052-308T").person != recognise("131052Y308T").person

    def test_kinds_never_meet(self):
        assert recognise("X", kind="hetu").person != recognise("X", kind="eidas").person

    def test_name_follows_the_population_register(self):
        recognise(name="Maija Mallikas")
        recognise(name="Maija Uusinimi")

        assert str(Person.objects.get()) == "Maija Uusinimi"

    def test_key_change_keeps_the_person_and_adds_the_new_hash(self, settings):
        settings.IDENTITY_KEYS = OLD
        before = recognise().person
        settings.IDENTITY_KEYS = f"{NEW},{OLD}"
        after = recognise().person
        settings.IDENTITY_KEYS = NEW

        assert before == after == recognise().person
        assert sorted(Identifier.objects.values_list("key_version", flat=True)) == [1, 2]

    def test_merged_person_keeps_both_logins(self):
        kept, gone = recognise(CODE).person, recognise("SE/FI/1", kind="eidas").person
        gone.merged_into = kept
        gone.save(update_fields=["merged_into"])

        login = recognise("SE/FI/1", kind="eidas")

        assert login.person.current == kept
        assert Event.objects.filter(action="person.identified").last().object_id == str(kept.pk)

    def test_closed_login_is_refused_and_recorded(self):
        User.objects.filter(pk=recognise().pk).update(is_active=False)

        with pytest.raises(recognise_people.LoginClosed):
            recognise()
        assert Event.objects.filter(action="person.identified", refused=True).exists()

    def test_login_made_here_has_no_password(self):
        assert not recognise().has_usable_password()


@pytest.mark.django_db(transaction=True)
def test_two_first_logins_at_once_make_one_person(monkeypatch):
    both_have_looked, found, made = threading.Barrier(2), recognise_people._find, []

    def find(identity):
        known = found(identity)
        if known is None:
            both_have_looked.wait(timeout=10)
        return known

    def enter():
        made.append(recognise().pk)
        connection.close()

    monkeypatch.setattr(recognise_people, "_find", find)
    threads = [threading.Thread(target=enter) for _login in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert Person.objects.count() == 1
    assert len(set(made)) == 1


@pytest.mark.parametrize("keys", ["", "1:00", "x:" + "00" * 32, "1", "1:zz"])
def test_keys_that_cannot_be_used_are_refused(settings, keys):
    settings.IDENTITY_KEYS = keys

    with pytest.raises(ImproperlyConfigured):
        hashing.keys()


def test_newest_key_comes_first(settings):
    settings.IDENTITY_KEYS = f"{OLD},{NEW}"

    keys = hashing.keys()

    assert [version for version, _key in keys] == [2, 1]

"""Recognising people: finding the person and the login that an identity belongs to."""

from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.event_names import AccountEvent
from accounts.identification.identity import Identity
from accounts.models import Identifier, Person, User
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed


class LoginClosed(NotAllowed):
    """The login has been closed by an administrator of the service."""


def recognise(identity: Identity, *, language: str, address: str, now: datetime) -> User:
    """Return the identified person's login; both are created at the first identification.

    Looks the identifier up by its hash under every key in use, and stores the hash under the
    newest key. Raises LoginClosed.
    """
    try:
        with transaction.atomic():
            user = _recognise(identity, language, address, now)
    except IntegrityError:
        # Two concurrent first logins: the other one has created the person.
        with transaction.atomic():
            user = _recognise(identity, language, address, now)
    if not user.is_active:
        raise LoginClosed(_("Your right to use this service has ended."))
    return user


def _recognise(identity: Identity, language: str, address: str, now: datetime) -> User:
    known = _find(identity)
    person = known.person if known else _create(identity, language, now)
    # Events name the current person, also after a merge.
    current = person.current
    actor = Actor("person", str(current.pk), address)
    stored = _keep_newest(identity, person, now)
    if stored is not None:
        data: dict[str, Any] = {"identifier": stored.pk, "sha256": stored.sha256}
        events.record(AccountEvent.PERSON_IDENTIFIER_STORED, current, actor, now, **data)
    _rename(identity, person)
    user = _login_of(person)
    events.record(
        AccountEvent.PERSON_IDENTIFIED,
        current,
        actor,
        now,
        refused=not user.is_active,
        kind=identity.kind,
        new=known is None,
    )
    return user


def _login_of(person: Person) -> User:
    """Return the login for identification, which has no usable password."""
    user: User
    user, _made = User.objects.get_or_create(
        username=str(person.pk), defaults={"person": person, "password": make_password(None)}
    )
    return user


def _find(identity: Identity) -> Identifier | None:
    either = Q()
    for digest in identity.digests:
        either |= Q(key_version=digest.version, digest=digest.value)
    found = Identifier.objects.filter(either, kind=identity.kind).select_related("person")
    return found.order_by("-key_version").first()


def _create(identity: Identity, language: str, now: datetime) -> Person:
    return Person.objects.create(
        given_name=identity.given_name,
        family_name=identity.family_name,
        language=language,
        created_at=now,
    )


def _keep_newest(identity: Identity, person: Person, now: datetime) -> Identifier | None:
    """Return the hash under the newest key if it is stored now, else None.

    Raises IntegrityError if a concurrent login stored it.
    """
    newest = identity.digests[0]
    same = {"kind": identity.kind, "key_version": newest.version, "digest": newest.value}
    if Identifier.objects.filter(person=person, **same).exists():
        return None
    return Identifier.objects.create(person=person, added_at=now, **same)


def _rename(identity: Identity, person: Person) -> None:
    """Follow a change of name in the population register."""
    if (person.given_name, person.family_name) == (identity.given_name, identity.family_name):
        return
    person.given_name, person.family_name = identity.given_name, identity.family_name
    person.save(update_fields=["given_name", "family_name"])

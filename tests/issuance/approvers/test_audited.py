"""The register of approvers is held against its events: what differs is named."""

from datetime import datetime

import pytest

from accounts.models import Person
from certportal.foundation.event_log.verifying import Kind
from issuance.services.approvers import register
from issuance.services.event_log import key
from tests.doubles.passkey import Passkey
from tests.issuance.approvers.conftest import Enrol, ended
from tests.issuance.event_log.conftest import AsOwner, as_owner
from tests.issuance.event_log.rows import named

__all__ = ["as_owner"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def known(enrolled: Enrol, riitta: Person, riittas: Passkey) -> bytes:
    """Riitta's passkey is enrolled; the register as it is then."""
    enrolled(riitta, riittas)
    return register.path().read_bytes()


def of_the_register() -> list[tuple[Kind, str]]:
    return [(kind, about) for kind, about in named() if "second factor" not in about]


def test_the_register_as_it_was_changed_last_is_no_difference(
    known: bytes, enrolled: Enrol, raimo: Person, raimos: Passkey, riittas: Passkey, now: datetime
) -> None:
    enrolled(raimo, raimos)
    ended(riittas, now)
    assert of_the_register() == []


def test_an_older_copy_that_was_put_back_is_named_by_the_end_that_it_undoes(
    known: bytes, riittas: Passkey, now: datetime
) -> None:
    ended(riittas, now)
    register.path().write_bytes(known)
    ((kind, about),) = of_the_register()
    assert kind == Kind.UNDONE
    assert about.startswith(f"end of the approver's passkey {riittas.fingerprint} by system:")


def test_an_older_copy_that_lacks_an_approver_is_named(
    known: bytes, enrolled: Enrol, raimo: Person, raimos: Passkey
) -> None:
    enrolled(raimo, raimos)
    register.path().write_bytes(known)
    ((kind, about),) = of_the_register()
    assert kind == Kind.UNDONE
    assert about.startswith(f"approver's passkey {raimos.fingerprint}, enrolled by system:")


def test_a_register_that_was_removed_is_named(known: bytes, riittas: Passkey) -> None:
    register.path().unlink()
    ((kind, about),) = of_the_register()
    assert (kind, riittas.fingerprint in about) == (Kind.UNDONE, True)


def test_a_passkey_that_the_log_s_key_signed_without_an_event_is_named(
    known: bytes, enrolled: Enrol, raimo: Person, raimos: Passkey, as_owner: AsOwner
) -> None:
    """Whoever has the log's key writes a register of their own."""
    found = register.read()
    entry = enrolled(raimo, raimos)
    forged = register.read()
    register.path().write_bytes(known)
    as_owner("DELETE FROM foundation_event WHERE data->>'fingerprint' = %s", entry.fingerprint)
    assert of_the_register() == []
    register.path().write_text(key.load().sign(forged.text))
    ((kind, about),) = of_the_register()
    assert found.digest != forged.digest
    assert (kind, about) == (
        Kind.UNTOLD,
        f"approver's passkey {raimos.fingerprint} of person:{raimo.pk} for production test",
    )


def test_a_register_that_nobody_signed_is_named(known: bytes) -> None:
    register.path().write_bytes(known.replace(b"production", b"productiom"))
    ((kind, about),) = of_the_register()
    assert (kind, about.startswith("the register of approvers")) == (Kind.UNTOLD, True)

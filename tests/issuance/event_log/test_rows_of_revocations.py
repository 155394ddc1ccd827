"""What an owner of the database does to revocations is named, as to what lists say of them."""

from datetime import datetime, timedelta

import pytest

from certportal.foundation.actors import system
from certportal.foundation.event_log.verifying import Kind
from issuance import services
from issuance.models import Certificate
from tests.issuance.event_log.conftest import AsOwner
from tests.issuance.event_log.rows import TESTS, named, only

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_revocation_that_was_undone_is_named(
    in_force: Certificate, as_owner: AsOwner, now: datetime
) -> None:
    services.revoke(in_force.pk, "superseded", actor=TESTS, now=now)
    as_owner(
        "UPDATE issuance_certificate SET state = 'issued', revoked_at = null,"
        " revocation_reason = '', crl_entry = ''"
    )
    words = rf"revocation \(superseded\) of the .* {in_force.serial} by system:test at .* \(event "
    only(Kind.UNDONE, words)


def test_a_compromise_that_became_less_is_named(
    in_force: Certificate, as_owner: AsOwner, now: datetime
) -> None:
    services.revoke(in_force.pk, "superseded", actor=TESTS, now=now)
    services.revoke(in_force.pk, "key_compromise", actor=TESTS, now=now)
    as_owner("UPDATE issuance_certificate SET revocation_reason = 'superseded'")
    undone, entry = named()
    assert undone[0] == Kind.UNDONE and undone[1].startswith("revocation (key_compromise)")
    assert entry == (Kind.UNTOLD, f"entry for lists of the serial number {in_force.serial}")


@pytest.mark.parametrize(
    "change",
    [
        "not_before = not_before - interval '9 years', not_after = not_after - interval '9 years'",
        "spki_sha256 = repeat('a', 64)",
        "revoked_at = revoked_at + interval '1 day'",
        "revoked_at = revoked_at - interval '1 day'",
        "invalidity_date = revoked_at",
        "crl_entry = overlay(crl_entry placing '\\x08'::bytea from length(crl_entry))",
    ],
)
def test_what_a_list_would_say_of_a_revocation_is_named_when_it_was_changed(
    in_force: Certificate, as_owner: AsOwner, change: str, now: datetime
) -> None:
    """A list leaves out what has ended, and openssl what is marked as to be removed (8)."""
    services.revoke(in_force.pk, "superseded", actor=TESTS, now=now)
    assert named() == []
    as_owner(f"UPDATE issuance_certificate SET {change}")
    found = named()
    assert {kind for kind, _ in found} == {Kind.UNTOLD}
    assert all(in_force.serial in about for _, about in found)


def test_a_revocation_by_hand_is_named(
    in_force: Certificate, as_owner: AsOwner, now: datetime
) -> None:
    as_owner(
        "UPDATE issuance_certificate SET state = 'revoked', revoked_at = %s,"
        " revocation_reason = 'superseded'",
        now,
    )
    kinds, found = zip(*named(), strict=True)
    assert set(kinds) == {Kind.UNTOLD}
    assert [about.partition(" ")[0] for about in found] == ["revocation", "date", "entry"]


def test_a_revocation_that_was_restored_from_a_list_is_told_of(
    in_force: Certificate, now: datetime
) -> None:
    actor, then = system("reconcile"), now - timedelta(hours=9)
    services.revoke(in_force.pk, "superseded", actor=actor, revoked_at=then, now=now)
    assert named() == []

"""Whoever owns the database and holds Redis, against the signing worker as it runs in service.

Nothing is signed that was not signed before, and a verification names what was done by hand.
"""

from datetime import datetime
from uuid import uuid4

import celery
import pytest
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.event_log.verifying import Kind
from certportal.foundation.models import OutboxItem
from issuance import journal, services
from issuance.authority.places import Place
from issuance.models import Certificate, PreparedCertificate
from issuance.services.approvers import enrol
from issuance.services.ceremony.create_ca import create_ca
from issuance.services.event_log import key
from issuance.services.issuing import to_sign
from issuance.signers.file import KeyFiles
from tests.doubles.passkey import Passkey
from tests.issuance.approvers.conftest import add, approve
from tests.issuance.event_log.conftest import AsOwner, as_owner
from tests.issuance.event_log.rows import named
from tests.issuance.orders import server_order
from tests.issuance.signing_worker import QUEUE, SigningWorker, environment, wait_until, worker

__all__ = ["as_owner", "environment", "worker"]

pytestmark = pytest.mark.django_db(transaction=True)
TESTS = system("test")
SPKI = "ab" * 32


@pytest.fixture
def now() -> datetime:
    """The worker's own time."""
    return clock.now()


@pytest.fixture
def proving(environment: dict[str, str], settings: Settings) -> None:
    """Two enrolled persons must sign what the worker is to sign."""
    settings.PORTAL_BASE_URL, settings.PORTAL_HOST = "http://localhost", "localhost"
    settings.APPROVERS_PROVE = "production"
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    environment["PORTAL_BASE_URL"] = settings.PORTAL_BASE_URL
    environment["APPROVERS_PROVE"], environment["APPROVALS_PRODUCTION"] = "production", "2"
    create_ca(Place("production", "ec"), keys=KeyFiles(), actor=TESTS, now=clock.now())
    if not key.is_there():
        key.publish(key.make("log.example.fi/events"))


@pytest.fixture
def approvers(proving: None, riitta: Person, raimo: Person) -> dict[Person, Passkey]:
    """Riitta and Raimo with their passkeys, which stand in the register."""
    made = {
        riitta: Passkey("localhost", "http://localhost", name=b"riitta's key"),
        raimo: Passkey("localhost", "http://localhost", name=b"raimo's key"),
    }
    for person, passkey in made.items():
        add(person, passkey)
        facts = {"environments": ["production"], "operator": "Olli", "actor": TESTS}
        enrol.enrol(person, passkey.fingerprint, now=clock.now(), **facts)  # type: ignore[arg-type]
    return made


@pytest.fixture
def honest(
    approvers: dict[Person, Passkey], worker: SigningWorker, pharmacy: Organisation
) -> Certificate:
    """A certificate that both approved and the worker signed, revoked since."""
    now = clock.now()
    attempt = services.prepare(server_order(pharmacy), now=now)
    for person, passkey in approvers.items():
        approve(attempt, person, passkey.sign(to_sign.challenge(attempt)), now)
    hand_over(insert_work(attempt))
    wait_until(Certificate.objects.exists)
    made = Certificate.objects.get()
    services.revoke(made.pk, "key_compromise", actor=TESTS, now=now)
    services.block_key(SPKI, "published", actor=TESTS, now=now)
    return made


def insert_work(attempt: PreparedCertificate) -> OutboxItem:
    """Insert an item that asks for the attempt's signature, as nobody would who has the services.

    Its topic is no topic.
    """
    now = clock.now()
    return OutboxItem.objects.create(
        id=uuid4(),
        topic="x",
        task="issuance.issue",
        queue="ca",
        payload={"reference": str(attempt.reference)},
        created_at=now,
        due_at=now,
    )


def hand_over(item: OutboxItem) -> None:
    """Put a message into Redis, as its holder can."""
    task = celery.signature("issuance.issue", kwargs={"item": str(item.pk)})
    task.apply_async(queue=QUEUE)


def dealt_with(item: OutboxItem) -> bool:
    row = OutboxItem.objects.get(pk=item.pk)
    return bool(row.done_at or row.problem)


def test_nothing_is_signed_and_each_act_is_named(
    honest: Certificate,
    pharmacy: Organisation,
    matti: Person,
    as_owner: AsOwner,
    now: datetime,
) -> None:
    signed = [entry.der for entry in journal.entries("sote-ec-1")]
    attempt = services.prepare(server_order(pharmacy), now=now)

    # Both approvals of the other certificate, with their events and assertions, on this one.
    as_owner(
        "INSERT INTO issuance_approval (prepared_id, person_id, role, reauthenticated_at,"
        " register_record, persons, assertion, created_at) SELECT %s, person_id, role, now(),"
        " register_record, persons, assertion, now() FROM issuance_approval",
        attempt.pk,
    )
    as_owner(
        "INSERT INTO foundation_event (at, actor, action, object_type, object_id,"
        " organisation_id, refused, data, request_id) SELECT row.created_at,"
        " 'person:' || row.person_id, action, object_type, row.prepared_id::text,"
        " organisation_id, false, data || jsonb_build_object('tbs_sha256', %s::text,"
        " 'reference', %s::text), '' FROM issuance_approval row JOIN foundation_event event"
        " ON event.action = 'issuance.approved' AND event.actor = 'person:' || row.person_id"
        " WHERE row.prepared_id = %s",
        *[attempt.tbs_sha256, str(attempt.reference), attempt.pk],
    )
    # Matti, who is no reviewer, is made one with a passkey, and approves.
    as_owner(
        "INSERT INTO accounts_staffrole (person_id, kind, granted_at) VALUES (%s, 'reviewer', %s)",
        *[str(matti.pk), now],
    )
    as_owner(
        "INSERT INTO mfa_authenticator (user_id, type, data, created_at)"
        " VALUES (%s, 'webauthn', '{}', %s)",
        *[str(matti.logins.get().pk), now],
    )
    as_owner(
        "INSERT INTO issuance_approval (prepared_id, person_id, role, reauthenticated_at,"
        " register_record, persons, created_at) VALUES (%s, %s, 'reviewer', now(), '', 1, now())",
        *[attempt.pk, str(matti.pk)],
    )
    item = insert_work(attempt)
    hand_over(item)
    wait_until(lambda: dealt_with(item))

    # Then the attempt is said to be under the signer's hands already.
    as_owner(
        "UPDATE issuance_preparedcertificate SET state = 'signing', void_reason = '',"
        " closed_at = null WHERE id = %s",
        attempt.pk,
    )
    again = insert_work(attempt)
    hand_over(again)
    wait_until(lambda: dealt_with(again))

    assert [entry.der for entry in journal.entries("sote-ec-1")] == signed
    assert Certificate.objects.get() == honest

    as_owner("DELETE FROM issuance_blockedkey WHERE spki_sha256 = %s", SPKI)
    as_owner(
        "UPDATE issuance_certificate SET state = 'issued', revoked_at = null,"
        " revocation_reason = '', crl_entry = ''"
    )
    columns = "issuing_ca_id, organisation_id, environment, profile_id, profile_version"
    rest = "spki_sha256, not_before, not_after, issued_at, state, revocation_reason, crl_entry"
    as_owner(
        f"INSERT INTO issuance_certificate (prepared_id, reference, serial, der, sha256, {columns},"
        f" {rest}) SELECT %s, %s, %s, der || '\\x00', repeat('0', 64), {columns}, {rest}"
        " FROM issuance_certificate",
        *[attempt.pk, str(attempt.reference), attempt.serial],
    )
    as_owner("ALTER TABLE issuance_certificate DISABLE TRIGGER kept_rows")
    try:
        found = named()
    finally:
        as_owner("ALTER TABLE issuance_certificate ENABLE TRIGGER kept_rows")
    login = matti.logins.get().pk
    for kind, words in (
        (Kind.UNTOLD, f"of attempt {attempt.pk} by person:{matti.pk} "),
        (Kind.UNTOLD, f"serial number {attempt.serial}, issued at "),
        (Kind.UNTOLD, f"role reviewer of person:{matti.pk}, by nobody "),
        (Kind.UNTOLD, f"second factor (webauthn) of login {login}, "),
        (Kind.UNDONE, f"with serial number {honest.serial} by system:test "),
        (Kind.UNDONE, f"block of the key {SPKI} by system:test "),
        (Kind.UNKEPT, "issuance_certificate"),
    ):
        assert [about for each, about in found if each == kind and words in about], (words, found)

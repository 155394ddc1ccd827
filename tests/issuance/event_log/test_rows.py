"""What an owner of the database does to rows that events tell of is named, and signs nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import InterfaceError, transaction

from accounts.access import actor_for
from accounts.models import Organisation, Person, User
from accounts.services.people import second_factor
from accounts.services.rights import staff_roles
from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.event_log.verifying import MOST_NAMED, Kind, Report, verify
from certportal.foundation.models import Event, OutboxItem
from certportal.operations import health
from issuance import journal, services, tasks
from issuance.models import BlockedKey, Certificate, IssuingCA, PreparedCertificate
from issuance.services import block_endings
from issuance.services.auditing import audit, settled
from issuance.services.event_log import build
from tests.alarms import sounds
from tests.issuance.event_log.conftest import AsOwner, restart
from tests.issuance.event_log.rows import TESTS, add_passkey, named, only
from tests.issuance.orders import server_order

pytestmark = pytest.mark.django_db(transaction=True)
SPKI = "ab" * 32


def test_what_services_do_is_told_of(
    in_force: Certificate,
    login: User,
    riitta: Person,
    raimo: Person,
    monkeypatch: pytest.MonkeyPatch,
    now: datetime,
) -> None:
    services.revoke(in_force.pk, "superseded", actor=TESTS, now=now)
    services.revoke(in_force.pk, "key_compromise", actor=TESTS, now=now)
    services.import_keys([f"{n:064x}" for n in range(1200)], "published", actor=TESTS, now=now)
    staff_roles.make_superuser(login, actor=TESTS, now=now)
    add_passkey(login, monkeypatch, now)
    second_factor.make_recovery_codes(login, actor=TESTS, now=now)
    staff_roles.end_reviewer(raimo, actor=TESTS, now=now)
    assert named() == []


def test_what_the_log_takes_while_it_is_verified_is_told_of(
    in_force: Certificate, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    """The signer goes on: the log grows after its head was read, and before the rows are."""

    def work_beside(*args: Any, **options: Any) -> Report:
        report = verify(*args, **options)
        services.block_key(SPKI, "published", actor=TESTS, now=now)
        before = build.horizon()
        build.extend_wholly()
        assert build.horizon() > before
        return report

    monkeypatch.setattr(audit, "verify", work_beside)
    assert named() == []


def test_an_approval_that_was_inserted_is_named_and_signs_nothing(
    cas: dict[str, IssuingCA],
    keyed: Verifier,
    approved: PreparedCertificate,
    raimo: Person,
    as_owner: AsOwner,
    now: datetime,
) -> None:
    as_owner(
        "INSERT INTO issuance_approval (prepared_id, person_id, role, reauthenticated_at,"
        " register_record, persons, created_at) SELECT prepared_id, %s, role, reauthenticated_at,"
        " register_record, persons, created_at FROM issuance_approval",
        str(raimo.pk),
    )
    with pytest.raises(Unavailable):
        services.issue(approved.reference, now=now)
    assert list(journal.entries("sote-ec-1")) == []
    only(Kind.UNTOLD, rf"approval \d+ of attempt {approved.pk} by person:{raimo.pk} at 2026-")


def test_an_approval_that_was_deleted_is_named(in_force: Certificate, as_owner: AsOwner) -> None:
    as_owner("DELETE FROM issuance_approval")
    event = Event.objects.get(action="issuance.approved")
    only(Kind.UNDONE, rf"approval of attempt \d+ by {event.actor} at .* \(event {event.pk}\)$")


@pytest.mark.parametrize(
    "change",
    [
        "assertion = '{}'",
        "waivers = '[]'",
        "persons = 9",
        "role = 'x'",
        "register_record = 'x'",
        "until = created_at",
        "reauthenticated_at = reauthenticated_at - interval '1 day'",
    ],
)
def test_an_approval_whose_proof_or_conditions_were_changed_is_named(
    in_force: Certificate, as_owner: AsOwner, change: str
) -> None:
    as_owner(f"UPDATE issuance_approval SET {change}")
    only(Kind.UNTOLD, r"conditions and proof of the approval \d+$")


def test_of_an_approval_by_the_version_before_no_hash_is_compared(
    keyed: Verifier, approved: PreparedCertificate, as_owner: AsOwner
) -> None:
    event = Event.objects.get(action="issuance.approved")
    as_owner("UPDATE foundation_event SET data = data - 'sha256' WHERE id = %s", event.pk)
    as_owner("UPDATE issuance_approval SET role = 'x'")
    assert named() == []


def test_work_that_was_inserted_is_named_and_signs_nothing(
    cas: dict[str, IssuingCA],
    keyed: Verifier,
    prepared: PreparedCertificate,
    as_owner: AsOwner,
    now: datetime,
) -> None:
    item = uuid4()
    as_owner(
        "INSERT INTO foundation_outboxitem (id, topic, task, queue, payload, request_id,"
        " created_at, due_at, attempts, round, sent_to, problem) VALUES (%s, 'x', 'issuance.issue',"
        " 'ca', jsonb_build_object('reference', %s), '', %s, %s, 0, 1, '', '')",
        *[str(item), str(prepared.reference), now, now],
    )
    tasks.issue(item=str(item))
    assert not Certificate.objects.exists()
    only(Kind.UNTOLD, rf"work {item} \(issuance.issue\) about {prepared.reference} at 2026-")


def test_a_certificate_that_was_inserted_is_named(
    in_force: Certificate, as_owner: AsOwner, pharmacy: Organisation, now: datetime
) -> None:
    attempt = services.prepare(server_order(pharmacy), now=now)
    columns = "issuing_ca_id, organisation_id, environment, profile_id, profile_version"
    rest = "spki_sha256, not_before, not_after, issued_at, state, revocation_reason, crl_entry"
    as_owner(
        f"INSERT INTO issuance_certificate (prepared_id, reference, serial, der, sha256, {columns},"
        f" {rest}) SELECT %s, %s, %s, der || '\\x00', repeat('0', 64), {columns}, {rest}"
        " FROM issuance_certificate",
        *[attempt.pk, str(attempt.reference), attempt.serial],
    )
    only(Kind.UNTOLD, rf"certificate \d+, serial number {attempt.serial}, issued at 2026-")


@pytest.mark.parametrize(
    "change", ["der = der || '\\x00'", f"organisation_id = '{UUID(int=1)}'", "serial = '01'"]
)
def test_a_certificate_that_was_changed_is_named(
    in_force: Certificate, as_owner: AsOwner, change: str
) -> None:
    as_owner(f"UPDATE issuance_certificate SET {change}")
    assert (Kind.UNTOLD, f"certificate {in_force.pk}") in [
        (kind, about.partition(",")[0]) for kind, about in named()
    ]


def test_a_certificate_that_was_deleted_is_named(in_force: Certificate, as_owner: AsOwner) -> None:
    as_owner("DELETE FROM issuance_certificate")
    only(Kind.UNDONE, f"certificate with serial number {in_force.serial}, issued by system:ca at")


def test_a_block_that_was_deleted_is_named(
    keyed: Verifier, as_owner: AsOwner, now: datetime
) -> None:
    services.block_key(SPKI, "published", actor=TESTS, now=now)
    services.import_keys(["cd" * 32, "ef" * 32], "published", actor=TESTS, now=now)
    as_owner("DELETE FROM issuance_blockedkey WHERE spki_sha256 IN (%s, %s)", SPKI, "cd" * 32)
    assert sorted((kind, about.partition(" by ")[0]) for kind, about in named()) == [
        (Kind.UNDONE, f"block of the key {SPKI}"),
        (Kind.UNDONE, f"block of the key {'cd' * 32}"),
    ]


def end_block(maker: Person, closer: Person, now: datetime) -> None:
    """Block a key by a list, and let two end the block."""
    services.import_keys([SPKI], "published", actor=TESTS, now=now)
    ending = block_endings.propose_end(
        now, SPKI, words="Väärä.", person=maker, actor=actor_for(maker), now=now
    )
    with transaction.atomic():
        blocks = block_endings.endable(now, SPKI, with_lock=True)
        by: dict[str, Any] = {"person": closer, "actor": actor_for(closer), "now": now}
        block_endings.end_blocks(block_endings.open_ending(ending.pk), blocks, **by)


def test_the_end_of_a_block_is_told_of(
    keyed: Verifier, riitta: Person, raimo: Person, as_owner: AsOwner, now: datetime
) -> None:
    end_block(riitta, raimo, now)
    assert named() == []
    later = now + timedelta(seconds=1)
    services.import_keys([SPKI], "published", actor=TESTS, now=later)
    assert named() == []
    as_owner("DELETE FROM issuance_blockedkey")
    only(Kind.UNDONE, f"block of the key {SPKI} by system:test")


def test_an_end_that_nobody_confirmed_is_named(
    keyed: Verifier, riitta: Person, raimo: Person, as_owner: AsOwner, now: datetime
) -> None:
    end_block(riitta, raimo, now)
    as_owner("DELETE FROM foundation_event WHERE action = 'issuance.blocks_ended'")
    found = [about for kind, about in named() if kind == Kind.UNTOLD]
    assert [about.partition(" at ")[0] for about in found] == [
        f"end of the block of the key {SPKI}"
    ]


def test_an_end_that_was_taken_back_is_named(
    keyed: Verifier, riitta: Person, raimo: Person, as_owner: AsOwner, now: datetime
) -> None:
    end_block(riitta, raimo, now)
    as_owner("DELETE FROM issuance_endedblock")
    assert sorted(about.partition(" by ")[0] for _kind, about in named()) == [
        f"block of the key {SPKI}",
        f"end of the block of the key {SPKI}",
    ]


def test_a_block_that_was_inserted_is_named(
    keyed: Verifier, as_owner: AsOwner, now: datetime
) -> None:
    services.import_keys(["cd" * 32], "published", actor=TESTS, now=now)
    as_owner(
        "INSERT INTO issuance_blockedkey (spki_sha256, reason, created_at)"
        " SELECT %s, reason, created_at FROM issuance_blockedkey",
        SPKI,
    )
    only(Kind.UNTOLD, rf"block of the key {SPKI} \(published\) at 2026-")


def test_of_an_import_that_named_no_keys_the_number_counts(
    keyed: Verifier, as_owner: AsOwner, now: datetime
) -> None:
    """The version before recorded how many there were."""
    services.import_keys(["cd" * 32, "ef" * 32], "published", actor=TESTS, now=now)
    as_owner("DELETE FROM foundation_event WHERE action = 'issuance.keys_listed'")
    as_owner(
        "UPDATE foundation_event SET data = data - 'lists' WHERE action = 'issuance.keys_imported'"
    )
    assert named() == []
    as_owner("DELETE FROM issuance_blockedkey WHERE spki_sha256 = %s", "cd" * 32)
    only(Kind.UNDONE, "1 of the keys blocked with the import by system:test at")
    for key in ("01" * 32, "02" * 32):
        as_owner(
            "INSERT INTO issuance_blockedkey (spki_sha256, reason, created_at)"
            " VALUES (%s, 'published', %s)",
            *[key, now],
        )
    only(Kind.UNTOLD, "1 of the keys blocked with the import by system:test at")


def test_an_authority_that_was_inserted_or_put_back_is_named(
    in_force: Certificate, as_owner: AsOwner
) -> None:
    as_owner("UPDATE issuance_issuingca SET state = 'retired' WHERE stem = 'sote-ec-1'")
    only(Kind.UNTOLD, "certificate authority sote-ec-1: retired, and not active as set by ")
    as_owner("UPDATE issuance_issuingca SET state = 'active' WHERE stem = 'sote-ec-1'")
    as_owner("UPDATE issuance_issuingca SET root_der = certificate_der WHERE stem = 'sote-ec-1'")
    only(Kind.UNTOLD, "root of sote-ec-1")
    as_owner("UPDATE issuance_issuingca SET certificate_der = '\\x00' WHERE stem = 'sote-ec-1'")
    (kind, about), _root = named()
    assert (kind, about[:40]) == (Kind.UNTOLD, "certificate authority sote-ec-1 (active)")


def test_a_table_whose_triggers_are_off_is_named(in_force: Certificate, as_owner: AsOwner) -> None:
    as_owner("ALTER TABLE issuance_approval DISABLE TRIGGER kept_rows")
    try:
        only(Kind.UNKEPT, "issuance_approval$")
    finally:
        as_owner("ALTER TABLE issuance_approval ENABLE TRIGGER kept_rows")


def test_nothing_is_explained_of_which_no_event_tells(
    keyed: Verifier, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    """A run that ends before the event leaves the differences unexplained."""

    def lost(*_: Any, **__: Any) -> None:
        raise InterfaceError("connection already closed")

    with monkeypatch.context() as patch:
        patch.setattr(settled.events, "record", lost)
        with pytest.raises(InterfaceError):
            settled.settle(["a difference"], actor=TESTS, now=now)
    assert settled.lines() == set()
    settled.settle(["a difference"], actor=TESTS, now=now)
    assert settled.lines() == {"a difference"}


def test_what_a_restored_copy_lacks_is_named_until_it_is_declared_explained(
    in_force: Certificate, riitta: Person, as_owner: AsOwner, now: datetime
) -> None:
    last = Event.objects.order_by("pk").values_list("pk", flat=True).last()
    build.extend_wholly()
    services.block_key(SPKI, "published", actor=TESTS, now=now)
    build.extend_wholly()
    as_owner("DELETE FROM issuance_blockedkey")
    as_owner("DELETE FROM foundation_event WHERE id > %s", last)
    restart()
    services.restore_events()
    tasks.verify_audit()
    assert sounds("verify-audit")
    said = StringIO()
    call_command("verify_audit", settle=True, stdout=said)
    assert "1 difference of rows was declared explained" in said.getvalue()
    assert "verify-audit" not in health.sounding(health.TO_DO, health.read_signs())
    assert Event.objects.filter(action="issuance.audit_settled", data__count=1).exists()
    assert named() == []
    assert services.verify_audit().settled == 1
    BlockedKey.objects.create(spki_sha256="12" * 32, reason="published", created_at=now)
    only(Kind.UNTOLD, "block of the key 12")


def test_one_run_declares_also_those_explained_that_are_too_many_to_be_named(
    in_force: Certificate, now: datetime
) -> None:
    BlockedKey.objects.bulk_create(
        BlockedKey(spki_sha256=f"{n:064x}", reason="published", created_at=now)
        for n in range(MOST_NAMED + 1)
    )
    assert len(named()) == MOST_NAMED
    call_command("verify_audit", settle=True, stdout=StringIO())
    assert named() == []


def test_an_event_that_nobody_could_have_made_stops_no_verification(
    in_force: Certificate, login: User, as_owner: AsOwner, now: datetime
) -> None:
    """It is an event like others; what it is about need not exist."""
    for action in ("second_factor.added", "person.merged", "issuance.keys_imported"):
        as_owner(
            "INSERT INTO foundation_event (at, actor, action, object_type, object_id, refused,"
            " data, request_id) VALUES ('infinity', 'x', %s, 'x', 'x', false, '[]', '')",
            action,
        )
    assert [kind for kind, _ in named()] == [Kind.UNDONE] * 2


def test_what_happens_while_it_is_verified_is_no_difference(
    in_force: Certificate, pharmacy: Organisation, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    """The log was read before, and the rows are read after."""

    def late() -> list[str]:
        services.block_key(SPKI, "published", actor=TESTS, now=now + timedelta(seconds=1))
        return []

    monkeypatch.setattr("issuance.services.event_log.build.horizon", _after(late, build.horizon))
    assert named() == []


def _after(first: Callable[[], object], then: Callable[[], int]) -> Callable[[], int]:
    def act() -> int:
        first()
        return then()

    return act


def test_work_that_was_done_and_deleted_is_missed_by_nobody(
    in_force: Certificate, now: datetime
) -> None:
    assert OutboxItem.objects.exists()
    OutboxItem.objects.all().delete()
    assert named() == []

"""The block list is fed from files; keys of the same order and of a reissue are exempt."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import Organisation, Person, Succession
from certportal.dev.builders import people
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.database.prepared_statements import Statement
from certportal.foundation.database.statements import execute
from certportal.foundation.models import Event, OutboxItem
from issuance import services
from issuance.certificate.order import CertificateOrder
from issuance.models import BlockedKey, Certificate
from issuance.services import blocked_keys
from tests.applications.at_once import Beside, at_once
from tests.issuance.conftest import approve_by
from tests.issuance.orders import make_csr, new_key, with_csr

FIRST, SECOND = "ab" * 32, "0f" * 32


def run(file: Path, *options: str) -> str:
    out = StringIO()
    call_command("block_keys", str(file), *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two hashes, a comment and an empty line."""
    path = tmp_path / "keys.txt"
    path.write_text(f"# from a scan\n{FIRST.upper()}\n\n{SECOND}  # the second\n")
    return path


@pytest.mark.django_db
def test_a_file_is_imported_once(file: Path) -> None:
    assert run(file) == "2 new\n"
    assert services.is_blocked(FIRST)
    assert run(file) == "0 new\n"
    assert BlockedKey.objects.count() == 2


@pytest.mark.django_db
def test_the_import_says_why_and_is_recorded(file: Path) -> None:
    run(file, "--reason", "key_compromise")
    assert set(BlockedKey.objects.values_list("reason", flat=True)) == {"key_compromise"}
    event = Event.objects.get(action="issuance.keys_imported")
    name = sha256("\n".join(["key_compromise", SECOND, FIRST]).encode()).hexdigest()
    counts = {"read": 2, "new": 2, "lists": 1, "sha256": name}
    assert event.data == {"reason": "key_compromise"} | counts
    listed = Event.objects.get(action="issuance.keys_listed")
    assert set(listed.data["keys"]) == {*BlockedKey.objects.values_list("spki_sha256", flat=True)}


@pytest.mark.django_db
def test_the_import_says_where_it_is_known_from(file: Path) -> None:
    run(file, "--known-from", "Debianin luettelo 11/2026")
    event = Event.objects.get(action="issuance.keys_imported")
    assert event.data["known_from"] == "Debianin luettelo 11/2026"


@pytest.mark.django_db
def test_an_earlier_reason_stays(file: Path) -> None:
    run(file, "--reason", "key_compromise")
    run(file, "--reason", "published")
    assert set(BlockedKey.objects.values_list("reason", flat=True)) == {"key_compromise"}


@pytest.mark.django_db
def test_a_line_that_is_no_hash_stops_all(file: Path) -> None:
    with file.open("a") as more:
        more.write("abcd\n")
    with pytest.raises(CommandError, match="5"):
        run(file)
    assert not BlockedKey.objects.exists()


def test_certificates_in_force_that_are_hit_are_named_until_they_are_revoked(
    certificate: Certificate, file: Path, now: datetime
) -> None:
    with file.open("a") as more:
        more.write(f"{certificate.spki_sha256}\n")
    for _ in range(2):
        said = run(file)
        assert f"in force: sote-ec-1 {certificate.serial} until" in said
        assert f"order {certificate.reference}, key {certificate.spki_sha256}" in said
        assert "1 certificate in force has a blocked key" in said
    (news,) = OutboxItem.objects.filter(topic="key.blocked")
    assert news.payload == {"spki_sha256": certificate.spki_sha256}
    services.revoke(certificate.pk, "key_compromise", actor=system("test"), now=now)
    assert run(file) == "0 new\n"


@pytest.mark.django_db
def test_a_file_that_is_no_text_is_named(file: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match=f"{file} is no text of hashes"):
        run(file)


def reissued(order: CertificateOrder, certificate: Certificate, **more: object) -> CertificateOrder:
    return replace(order, reference=uuid4(), replaces=certificate.reference, **more)


def rules(prepared: object) -> set[str]:
    return {finding.rule for finding in prepared.found if finding.severity == "error"}


def test_a_reissue_keeps_the_key(
    certificate: Certificate, order: CertificateOrder, riitta: Person, now: datetime
) -> None:
    second = issued_again(order, certificate, riitta, now)
    assert second.spki_sha256 == certificate.spki_sha256


def test_one_person_s_approval_is_never_enough_for_a_reissue(
    certificate: Certificate, order: CertificateOrder, riitta: Person, now: datetime
) -> None:
    prepared = services.prepare(reissued(order, certificate), now=now)
    assert not approve_by(riitta, prepared, now).complete
    assert services.issue(prepared.reference, now=now) is None


def test_a_reissue_with_another_key_is_none(
    certificate: Certificate, order: CertificateOrder, now: datetime
) -> None:
    other = with_csr(reissued(order, certificate), make_csr(new_key()))
    assert rules(services.prepare(other, now=now)) == {"ca.reissue"}


def issued_again(
    order: CertificateOrder, certificate: Certificate, riitta: Person, now: datetime
) -> Certificate:
    prepared = services.prepare(reissued(order, certificate), now=now)
    assert rules(prepared) == set()
    approve_by(riitta, prepared, now)
    approve_by(people.make_reviewer("Raimo Ratkaisija", now=now), prepared, now)
    issued = services.issue(prepared.reference, now=now)
    assert issued is not None
    return issued


def test_only_the_last_of_a_key_s_certificates_is_replaced(
    certificate: Certificate, order: CertificateOrder, riitta: Person, now: datetime
) -> None:
    second = issued_again(order, certificate, riitta, now)
    assert rules(services.prepare(reissued(order, certificate), now=now)) == {"key.in_use"}
    issued_again(order, second, riitta, now)
    plain = replace(order, reference=uuid4())
    assert rules(services.prepare(plain, now=now)) == {"key.in_use"}


def test_a_reissue_ends_with_what_it_replaces(
    certificate: Certificate, order: CertificateOrder, now: datetime
) -> None:
    later = now + timedelta(days=1)
    asked = reissued(order, certificate, ends=certificate.not_after)
    prepared = services.prepare(asked, now=later)
    assert prepared.not_after == certificate.not_after
    assert prepared.not_before == later
    over = services.prepare(asked, now=certificate.not_after)
    assert "ca.validity" in rules(over)


def test_nobody_reissues_the_certificate_of_another(
    certificate: Certificate, order: CertificateOrder, kalle: Person, now: datetime
) -> None:
    other: Organisation = kalle.memberships.get().organisation
    prepared = services.prepare(reissued(order, certificate, organisation_id=other.pk), now=now)
    assert "ca.reissue" in rules(prepared)


def test_a_successor_s_certificates_are_replaced_as_its_own(
    certificate: Certificate, order: CertificateOrder, kalle: Person, riitta: Person, now: datetime
) -> None:
    heir: Organisation = kalle.memberships.get().organisation
    Succession.objects.create(
        organisation_id=certificate.organisation_id, successor=heir, decided_by=riitta, at=now
    )
    theirs = reissued(order, certificate, organisation_id=heir.pk)
    assert "ca.reissue" not in rules(services.prepare(theirs, now=now))


def test_the_key_of_a_reissue_is_still_refused_when_blocked(
    certificate: Certificate, order: CertificateOrder, now: datetime
) -> None:
    services.report_leaked_key(certificate.spki_sha256, actor=system("test"), now=now)
    prepared = services.prepare(reissued(order, certificate), now=now)
    assert rules(prepared) == {"key.blocked"}


@pytest.mark.django_db(transaction=True)
def test_what_another_import_adds_meanwhile_is_not_counted() -> None:
    names = ("first", "second")

    def bring(name: str) -> None:
        hashes = [sha256(f"{name} {number}".encode()).hexdigest() for number in range(20_000)]
        actor, now = system("test"), clock.now()
        services.import_keys([*hashes, hashes[0]], "published", actor=actor, now=now)

    at_once(*(partial(bring, name) for name in names), refusals=OSError)
    counted = [one.data["new"] for one in Event.objects.filter(action="issuance.keys_imported")]
    assert counted == [20_000, 20_000]
    assert BlockedKey.objects.count() == 40_000


@pytest.mark.django_db(transaction=True)
def test_a_list_comes_in_while_the_night_notes_which_keys_no_certificate_has() -> None:
    """Both lock the keys in one order: otherwise each would wait for the other."""
    given = {"actor": system("test"), "now": clock.now() - timedelta(days=2)}
    for key in (FIRST, SECOND):
        services.import_keys([key], "published", **given)
    given["now"] = clock.now()
    with transaction.atomic():
        services.import_keys([SECOND], "key_compromise", **given)
        beside = Beside(partial(services.settle_blocked_keys, now=clock.now()))
        services.import_keys([FIRST], "key_compromise", **given)
    assert beside.end() is None
    assert not BlockedKey.objects.exclude(may_be_certified=False, final_at=given["now"]).exists()


@pytest.mark.django_db
def test_the_statement_that_looks_keys_up_is_not_planned_anew_each_time() -> None:
    known = Statement(f"-- not used before\n{blocked_keys._KNOWN}", blocked_keys._KNOWN.types)
    for _ in range(8):
        assert execute(known, [[FIRST], [FIRST], [uuid4()], [uuid4()]]) == [(False, False)]
    plans = execute(
        "SELECT custom_plans FROM pg_prepared_statements WHERE statement LIKE %s",
        ["%-- not used before%"],
    )
    assert plans == [(5,)]  # PostgreSQL decides after so many

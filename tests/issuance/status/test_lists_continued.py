"""A list continues the last one, and is compared with the database; no revocation gets lost."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from io import StringIO

import pytest
from cryptography import x509
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance import services
from issuance.authority import crl
from issuance.models import Certificate, IssuingCA
from issuance.publication import repository
from issuance.services import Reading
from issuance.services.status import crl_entries, publish_crl
from issuance.services.status.freshness import stopped_lists
from issuance.tasks import reconcile
from tests.issuance.status.conftest import Issue
from tests.tables import rewrite

STEM = "sote-ec-1"
HOUR = timedelta(hours=1)

type Publish = Callable[..., bool]


def listed() -> list[int]:
    made = x509.load_der_x509_crl(repository.crl_path(STEM).read_bytes())
    return [entry.serial_number for entry in made]


def numbers(*certificates: Certificate) -> list[int]:
    return [int(each.serial, 16) for each in certificates]


def stops() -> list[Event]:
    return list(Event.objects.filter(action="issuance.crl_stopped"))


@pytest.fixture
def revoked(issue: Issue, now: datetime) -> Callable[[], Certificate]:
    """Issues and revokes one more certificate."""

    def revoke_one() -> Certificate:
        return services.revoke(issue().pk, "superseded", actor=system("test"), now=now)

    return revoke_one


@pytest.fixture
def publish(ca: IssuingCA, now: datetime) -> Publish:
    """Publishes a list; whether all entries were read, and not only those since the last."""

    def publish_one(later: timedelta = timedelta(0), reading: Reading = Reading.USUAL) -> bool:
        with CaptureQueriesContext(connection) as queries:
            services.publish_crl(ca, now=now + later, reading=reading)
        return any("listed <> ''" in each["sql"] for each in queries)

    return publish_one


@pytest.fixture
def forgotten(revoked: Callable[[], Certificate], publish: Publish) -> Certificate:
    """A certificate on the list whose revocation somebody has taken out of the database."""
    certificate = revoked()
    publish()
    rows = Certificate.objects.filter(pk=certificate.pk)
    rewrite(rows, state="issued", revoked_at=None, revocation_reason="", crl_entry=b"", listed=b"")
    return certificate


def test_only_what_was_revoked_since_the_last_list_is_read(
    revoked: Callable[[], Certificate], publish: Publish
) -> None:
    first = revoked()
    assert publish()  # there is no last list
    second, third = revoked(), revoked()
    assert not publish(HOUR)
    assert listed() == numbers(first, second, third)
    assert not publish(2 * HOUR)
    assert listed() == numbers(first, second, third)
    made = Event.objects.filter(action="issuance.crl", object_id=STEM).order_by("pk")
    assert [each.data["entries"] for each in made][-3:] == [1, 3, 3]


def test_a_revocation_written_past_the_service_is_on_the_next_list(
    issue: Issue, publish: Publish, now: datetime
) -> None:
    publish()
    certificate = issue()
    entry = crl.entry(int(certificate.serial, 16), now, x509.ReasonFlags.superseded, None)
    Certificate.objects.filter(pk=certificate.pk).update(
        state="revoked", revoked_at=now, revocation_reason="superseded", crl_entry=entry
    )
    assert not publish(HOUR)
    assert listed() == numbers(certificate)


def test_an_index_finds_what_the_last_list_lacks(ca: IssuingCA, now: datetime) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # The table is nearly empty, so any index would do.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisunique"
            " AND indrelid = 'issuance_certificate'::regclass"
            " AND indexrelid <> 'certificate_unlisted'::regclass"
        )
        for (other,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {other}")
        cursor.execute(f"EXPLAIN {crl_entries.MARK}", [ca.pk, True, now])
        plan = "\n".join(line for (line,) in cursor.fetchall())
        transaction.set_rollback(True)
    assert re.search(r"certificate_unlisted.*\n *Index Cond: .*CASE WHEN", plan), plan


@pytest.mark.parametrize("step", ["check", "publish_list", "_record"])
def test_a_worker_that_dies_at_any_step_loses_and_repeats_no_revocation(
    revoked: Callable[[], Certificate],
    publish: Publish,
    step: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = {"check": crl, "publish_list": repository, "_record": publish_crl}
    first = revoked()
    publish()
    second = revoked()

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(places[step], step, die)
        with pytest.raises(KeyboardInterrupt):
            publish(HOUR)
    third = revoked()
    assert publish(2 * HOUR)
    assert listed() == numbers(first, second, third)
    assert not publish(3 * HOUR)
    assert listed() == numbers(first, second, third)


def test_an_older_list_in_the_last_ones_place_is_not_continued(
    revoked: Callable[[], Certificate], publish: Publish
) -> None:
    first = revoked()
    publish()
    older = repository.crl_path(STEM).read_bytes()
    second = revoked()
    publish(HOUR)
    repository.crl_path(STEM).write_bytes(older)  # a backup of the files
    assert publish(2 * HOUR)
    assert listed() == numbers(first, second)


def test_a_list_that_the_database_does_not_know_is_not_continued(
    revoked: Callable[[], Certificate], publish: Publish, ca: IssuingCA
) -> None:
    """As after a restore of the database: it lacks a revocation and the record of its list."""
    first = revoked()
    publish()
    known = IssuingCA.objects.values("crl_base", "crl_entries").get(pk=ca.pk)
    second = revoked()
    publish(HOUR)
    IssuingCA.objects.filter(pk=ca.pk).update(**known)
    rows = Certificate.objects.filter(pk=second.pk)
    rewrite(rows, state="issued", revoked_at=None, revocation_reason="", crl_entry=b"", listed=b"")
    for hours in (2, 3):  # carried over as long as the database lacks it
        assert publish(hours * HOUR)
        assert listed() == numbers(first, second)
    assert not stops()
    services.reconcile(mend=True, now=clock.now())
    assert publish(4 * HOUR)
    assert not publish(5 * HOUR)
    assert sorted(listed()) == sorted(numbers(first, second))


def test_a_worker_that_lost_its_lock_does_not_have_its_list_continued(
    revoked: Callable[[], Certificate],
    publish: Publish,
    ca: IssuingCA,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish()
    early, record = revoked(), publish_crl._record
    late: list[Certificate] = []

    def overtaken(*arguments: object) -> None:
        if not late:
            late.append(revoked())
            services.publish_crl(ca, now=now + HOUR)
        record(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(publish_crl, "_record", overtaken)
    publish(HOUR)
    base = IssuingCA.objects.get(pk=ca.pk).crl_base
    served = repository.served_crl(STEM)
    assert served and served.fingerprint == base
    publish(2 * HOUR)
    assert listed() == numbers(early, *late)


def test_a_revocation_during_the_reading_is_on_the_next_list_once(
    issue: Issue,
    revoked: Callable[[], Certificate],
    publish: Publish,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, late, read = revoked(), issue(), crl_entries._read

    def interrupted(statement: str, parameters: Sequence[object]) -> object:
        if statement == crl_entries.WHOLE:
            services.revoke(late.pk, "superseded", actor=system("test"), now=now)
        return read(statement, parameters)

    monkeypatch.setattr(crl_entries, "_read", interrupted)
    publish()
    assert listed() == numbers(first)
    publish(HOUR)
    assert listed() == numbers(first, late)


def test_a_reason_raised_during_a_comparison_is_no_difference(
    revoked: Callable[[], Certificate],
    publish: Publish,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificate, read = revoked(), crl_entries._read
    publish()

    def interrupted(statement: str, parameters: Sequence[object]) -> object:
        if statement == crl_entries.WHOLE:
            services.revoke(certificate.pk, "key_compromise", actor=system("test"), now=now)
        return read(statement, parameters)

    with monkeypatch.context() as patched:
        patched.setattr(crl_entries, "_read", interrupted)
        assert publish(HOUR, Reading.COMPARED)
    assert publish(2 * HOUR)
    assert not stops()
    made = x509.load_der_x509_crl(repository.crl_path(STEM).read_bytes())
    (entry,) = made
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason == x509.ReasonFlags.key_compromise


def test_lists_made_while_the_clock_ran_ahead_lose_no_revocation_and_stop_nothing(
    revoked: Callable[[], Certificate], publish: Publish, now: datetime
) -> None:
    certificate = revoked()
    publish()
    ahead = certificate.not_after - now + 24 * HOUR
    for hours in (0, 1, 2):
        publish(ahead + hours * HOUR, Reading.COMPARED)
    assert listed() == []
    assert publish(HOUR)  # the clock is right again
    assert listed() == numbers(certificate)
    assert not stops()


def test_all_entries_are_compared_once_a_day(
    revoked: Callable[[], Certificate], publish: Publish, now: datetime
) -> None:
    certificate = revoked()
    assert publish()
    assert publish(HOUR, Reading.COMPARED)  # at night
    assert not publish(26 * HOUR)
    assert publish(28 * HOUR)  # the night's comparison was left out
    end = certificate.not_after - now
    assert publish(end)
    publish(end + HOUR)
    assert listed() == numbers(certificate)  # RFC 5280 section 3.3
    publish(end + 2 * HOUR, Reading.COMPARED)
    assert listed() == []


def test_the_nightly_task_compares_and_says_what_stops_publishing(
    forgotten: Certificate, cas: dict[str, IssuingCA], ca: IssuingCA, publish: Publish
) -> None:
    before = repository.crl_path(STEM).read_bytes()
    reconcile()
    reconcile()
    assert stopped_lists() == [STEM]
    (stop,) = stops()
    assert stop.data["serials"] == [forgotten.serial]
    with pytest.raises(crl.CrlRefused, match="1 entries of the last list"):
        publish(HOUR)
    assert repository.crl_path(STEM).read_bytes() == before


def test_what_vanished_changed_or_appeared_in_the_database_is_a_difference(
    revoked: Callable[[], Certificate], publish: Publish, now: datetime
) -> None:
    vanished, changed, appeared = revoked(), revoked(), revoked()
    rewrite(
        Certificate.objects.filter(pk=appeared.pk),
        crl_entry=b"",
        listed=b"",
        state="issued",
        revoked_at=None,
        revocation_reason="",
    )
    publish()
    reason = x509.ReasonFlags.affiliation_changed
    for certificate, entry in (
        (changed, crl.entry(int(changed.serial, 16), now, reason, None)),
        (appeared, bytes(appeared.crl_entry)),
    ):
        Certificate.objects.filter(pk=certificate.pk).update(
            state="revoked", revoked_at=now, revocation_reason="superseded", crl_entry=entry
        )
    with connection.cursor() as cursor:  # marked, as if they had been on the list
        cursor.execute(
            "UPDATE issuance_certificate SET listed = sha256(crl_entry) WHERE state = 'revoked'"
        )
    rows = Certificate.objects.filter(pk=vanished.pk)
    rewrite(rows, state="issued", revoked_at=None, revocation_reason="", crl_entry=b"", listed=b"")
    with pytest.raises(crl_entries.Differs) as refused:
        publish(HOUR, Reading.COMPARED)
    every = {each.serial for each in (vanished, changed, appeared)}
    assert {*refused.value.serials} == every


def test_a_stop_outlasts_the_loss_of_the_list(forgotten: Certificate, publish: Publish) -> None:
    with pytest.raises(crl_entries.Differs):
        publish(HOUR, Reading.COMPARED)
    repository.crl_path(STEM).unlink()
    for kept in repository.kept_crls(STEM).iterdir():
        kept.unlink()
    with pytest.raises(crl_entries.Differs):
        publish(2 * HOUR)


def test_publishing_goes_on_when_the_database_is_right_again(
    forgotten: Certificate, ca: IssuingCA, publish: Publish
) -> None:
    with pytest.raises(crl_entries.Differs):
        publish(HOUR, Reading.COMPARED)
    services.reconcile(mend=True, now=clock.now())
    assert publish(2 * HOUR)
    assert stopped_lists() == []
    assert listed() == numbers(forgotten)


def test_an_operator_has_a_list_made_afresh_and_no_revocation_is_lost(
    forgotten: Certificate, publish: Publish, revoked: Callable[[], Certificate]
) -> None:
    with pytest.raises(crl_entries.Differs):
        publish(HOUR, Reading.COMPARED)
    late, err = revoked(), StringIO()
    with pytest.raises(CommandError):
        call_command("publish_crl", STEM, stdout=StringIO(), stderr=err)
    assert "1 entries differ from the database" in err.getvalue()
    call_command("publish_crl", "--afresh", STEM, stdout=StringIO())
    assert sorted(listed()) == sorted(numbers(forgotten, late))
    assert stopped_lists() == []
    assert Event.objects.filter(action="issuance.crl").latest("pk").data["carried"] == 1

"""The log's key is replaced by the commands: what the former one signed can still be checked."""

from dataclasses import replace
from datetime import datetime, timedelta
from errno import ENOSPC
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from certportal.foundation.event_log import log_keys
from certportal.foundation.event_log.files import LogFiles, LogUnavailable, folder
from certportal.foundation.event_log.log_keys import LogKey
from certportal.foundation.event_log.notes import WITNESS, BadNote, Signer, Verifier
from certportal.foundation.event_log.receipts import BadReceipt, Fault, Receipt
from certportal.foundation.models import Event
from issuance import services
from issuance.publication import repository
from issuance.publication.shared.fitness import Unfit, require_fit
from issuance.services.event_log import build, key
from issuance.services.recovery.replace_log import replace_log
from tests.doubles.witness import cosignature
from tests.issuance.event_log.conftest import Record, restart
from tests.logged import NAME, answer_at_once

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = f"{NAME}-2"


def command(name: str, *arguments: str) -> None:
    with translation.override("en"):
        call_command(name, *arguments)


def receipt_of(event: Event) -> Receipt:
    return services.receipts([event.pk])[event.pk]


def told(receipt: Receipt) -> str:
    """Return the public page that checks the receipt, for a visitor."""
    return Client().post("/en/verify/", {"text": str(receipt)}).text


def replaced(name: str = SECOND) -> None:
    """Replace the key as docs/operations.md says, and start the signer again."""
    command("replace_event_log_key", "--name", name)
    restart()
    build.extend_wholly()


@pytest.fixture
def event(keyed: Verifier, record: Record, monkeypatch: pytest.MonkeyPatch) -> Event:
    answer_at_once(monkeypatch)
    made = record(7, serial="7")
    build.extend_wholly()
    return made


def test_a_receipt_from_before_is_checked_with_the_key_that_signed_it(
    event: Event, keyed: Verifier, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = receipt_of(event)
    replaced()
    said = capsys.readouterr().out
    assert f"{keyed}, " in said and f"\n{SECOND}+" in said
    after = receipt_of(event)
    assert (before.origin, after.origin) == (NAME, SECOND)
    for receipt, signer in (before, keyed), (after, repository.log_key()):
        page = told(receipt)
        assert "The receipt is genuine" in page
        assert str(signer).replace("+", "&#x2B;") in page.replace("+", "&#x2B;")
    assert "Earlier keys of the log" in told(after)
    served = Client().get("/ca/event-log.vkeys")
    assert served.status_code == 200
    # Without the service: by the new public key alone, and the list that it has signed.
    for name, content in ("old.tlog-proof", str(before)), ("list.vkeys", served.content.decode()):
        (tmp_path / name).write_text(content)
    present = str(repository.log_key())
    for path in repository.log_key_path(), repository.log_keys_path():
        path.unlink()
    offline = ["--verifier", present, "--keys", str(tmp_path / "list.vkeys")]
    command("verify_receipt", str(tmp_path / "old.tlog-proof"), *offline)
    assert f"Key: {keyed}, " in capsys.readouterr().out


def test_what_was_put_aside_is_whole_and_its_name_is_never_used_again(
    second_place: Path, event: Event, keyed: Verifier
) -> None:
    build.extend_wholly()
    mark, aside, size = keyed.key_id.hex(), folder().parent / "former", Event.objects.count()
    replaced()
    copies = [*second_place.glob(f"*/former/events-{mark}")]
    assert len(copies) == 1
    for place in (aside / f"events-{mark}", *copies):
        head = LogFiles(place).head(keyed)
        assert head is not None and head.size == size
    kept = folder().parents[2] / "keys" / "former"
    assert sorted(path.name for path in kept.iterdir()) == [
        f"event-log-{mark}.key",
        f"event-log-{mark}.vkey",
    ]
    for name in (NAME, SECOND):
        with pytest.raises(CommandError, match="has had the name"):
            command("replace_event_log_key", "--name", name)


def test_a_lost_key_is_replaced_and_stays_listed(event: Event, keyed: Verifier) -> None:
    before = receipt_of(event)
    for path in (folder().parents[2] / "keys").glob("event-log.*"):
        path.unlink()
    replaced()
    assert "The receipt is genuine" in told(before)


def test_an_interrupted_replacement_is_continued(
    event: Event, keyed: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = receipt_of(event)

    def full(*_: object) -> None:
        raise OSError(ENOSPC, "No space left on device", "event-log.vkeys")

    with monkeypatch.context() as patched:
        patched.setattr(key, "write_list", full)
        with pytest.raises(LogUnavailable, match=r"event-log\.vkeys: No space"):
            replace_log(SECOND, now=event.at)
    restart()
    key._decrypted.cache_clear()
    with pytest.raises(LogUnavailable):
        build.extend()
    replaced()
    assert "The receipt is genuine" in told(before)


# ------------------------------------------------------------------ a key that others have


def expose(since: datetime, name: str = NAME) -> None:
    command("expose_event_log_key", name, "--since", since.isoformat())


def test_a_key_that_others_have_proves_nothing_and_the_present_one_proves_the_same(
    event: Event, keyed: Verifier
) -> None:
    """Not even of events before: who has the key dates them as they like."""
    before = receipt_of(event)
    replaced()
    for since in (event.at + timedelta(hours=1), event.at - timedelta(hours=1)):
        expose(since)
        page = told(before)
        assert "proves nothing" in page
        assert "is known to others" in page
        assert "known to others since" in page
    assert "The receipt is genuine" in told(receipt_of(event))


def test_what_witnesses_signed_before_that_is_still_proved(
    event: Event, keyed: Verifier, settings: Settings, tmp_path: Path
) -> None:
    olga = Ed25519PrivateKey.generate()
    known = Verifier("olga", olga.public_key().public_bytes_raw(), WITNESS)
    settings.EVENT_LOG_POLICY = str(tmp_path / "policy")
    Path(settings.EVENT_LOG_POLICY).write_text(f"witness olga {known}\nquorum olga\n")
    bare = receipt_of(event)
    exposed = event.at + timedelta(hours=2)
    early, late = (
        replace(bare, note=bare.note + cosignature("olga", olga, bare.note, int(at.timestamp())))
        for at in (event.at + timedelta(hours=1), event.at + timedelta(hours=3))
    )
    replaced()
    expose(exposed)
    assert "The receipt is genuine" in told(early)
    for receipt in late, bare:
        assert "is known to others" in told(receipt)
    expose(event.at)  # found out later: it was earlier
    expose(exposed)
    assert "is known to others" in told(early)


def test_a_former_key_proves_no_event_from_after_it(event: Event, keyed: Verifier) -> None:
    receipt, at = receipt_of(event), event.at
    ended = [LogKey(keyed, until=at - timedelta(seconds=1))]
    with pytest.raises(BadReceipt) as caught:
        log_keys.check(receipt, ended, None)
    assert caught.value.fault == Fault.ENDED
    assert log_keys.check(receipt, [LogKey(keyed, until=at)], None)[0].verifier == keyed


def test_only_a_former_key_can_be_marked(event: Event, keyed: Verifier) -> None:
    for name in (NAME, "x.example.fi/events"):
        with pytest.raises(CommandError, match="replace it first"):
            expose(event.at, name)
    replaced()
    with pytest.raises(CommandError, match="with its zone"):
        command("expose_event_log_key", NAME, "--since", "2026-11-30T12:00")


# ------------------------------------------------------------------ the list


def test_a_list_that_the_present_key_has_not_signed_counts_for_nothing(
    event: Event, keyed: Verifier
) -> None:
    before = receipt_of(event)
    replaced()
    forger = Signer(SECOND, Ed25519PrivateKey.generate())
    forged = log_keys.signed(repository.log_keys(), forger)
    repository.log_keys_path().write_text(forged)
    assert "from another log" in told(before)
    present = key.load()
    malformed = [present.sign(text) for text in ("x\n", f"{log_keys.FORMAT}\n{{}}\n")]
    for content in ("", "x\n", *malformed):
        with pytest.raises(BadNote):
            log_keys.opened(content, present.verifier)


def test_a_machine_that_fetches_the_list_takes_none_that_says_less(
    event: Event, keyed: Verifier
) -> None:
    path = "ca/public/event-log.vkeys"
    replaced()
    unmarked = repository.log_keys_path().read_bytes()
    expose(event.at)
    marked = repository.log_keys_path().read_bytes()
    for content in (unmarked, log_keys.signed(repository.log_keys()[:1], key.load()).encode()):
        with pytest.raises(Unfit, match="older list"):
            require_fit(path, content, now=event.at)
    forger = Signer(SECOND, Ed25519PrivateKey.generate())
    with pytest.raises(Unfit, match="verified"):
        require_fit(path, log_keys.signed(repository.log_keys(), forger).encode(), now=event.at)
    require_fit(path, marked, now=event.at)
    # Nor does the signer's own machine, if its keys were copied before the key was marked.
    own = folder().parents[2] / "keys" / "event-log.vkeys"
    own.chmod(0o600)
    own.write_bytes(unmarked)
    key.publish(key.load().verifier)
    assert repository.log_keys_path().read_bytes() == marked
    assert key.keys() == repository.log_keys()
    repository.log_keys_path().unlink()
    require_fit(path, unmarked, now=event.at)

"""The store that machines share: what it keeps, and what becomes of one that fails."""

import hashlib
import logging
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage, storages
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from certportal import env
from certportal.dev.builders import documents, orders
from certportal.foundation import alarms, clock, tasks
from certportal.foundation.files import ownership, storing, sweeping
from certportal.foundation.files.documents import NotStored
from certportal.foundation.files.faults import DamagedFile, StoreAway
from certportal.foundation.files.shared_store import SharedStore
from certportal.operations import health
from tests.portal.silence import dripping_server, mute_server
from tests.shared_store import KEY, StoreServer
from tests.stack import free_port

PDF = documents.pdf("Todistus")


def store_at(port, *, whole_seconds=5.0):
    options = env.store(f"http://127.0.0.1:{port}/bucket", KEY, whole_seconds=whole_seconds)
    return SharedStore(**options, location="attachments")


def test_a_file_is_kept_replaced_listed_and_deleted(shared_store):
    name = default_storage.save("a.pdf", ContentFile(b"one"))
    assert default_storage.save("a.pdf", ContentFile(b"two")) == name == "a.pdf"
    assert default_storage.open(name).read() == b"two"
    assert default_storage.exists(name) and default_storage.size(name) == 3
    assert clock.now() - default_storage.get_modified_time(name) < timedelta(hours=1)
    assert default_storage.listdir("") == ([], ["a.pdf"])
    assert set(shared_store.objects()) == {"attachments/a.pdf"}
    default_storage.delete(name)
    default_storage.delete(name)
    assert not default_storage.exists(name)
    for ask in (default_storage.open, default_storage.size, default_storage.get_modified_time):
        with pytest.raises(FileNotFoundError):
            ask(name)
    with pytest.raises(ValueError, match="no URL"):
        default_storage.url(name)


def test_bytes_that_are_not_those_stored_are_not_read(shared_store):
    default_storage.save("a.pdf", ContentFile(PDF))
    shared_store.client().put_object(
        Bucket=shared_store.bucket,
        Key="attachments/a.pdf",
        Body=PDF + b"!",
        Metadata={"sha256": hashlib.sha256(PDF).hexdigest()},
    )
    with pytest.raises(DamagedFile):
        default_storage.open("a.pdf")


def test_a_store_that_refuses_is_away_and_is_asked_again(shared_store):
    shared_store.client().delete_bucket(Bucket=shared_store.bucket)
    for _ in range(2):
        with pytest.raises(StoreAway, match="NoSuchBucket"):
            default_storage.save("a.pdf", ContentFile(b"one"))


def test_a_frozen_store_is_away_then_spared_and_back_by_itself(shared_store):
    default_storage.save("a.pdf", ContentFile(b"one"))
    shared_store.freeze()
    with pytest.raises(StoreAway, match="ReadTimeoutError"):
        default_storage.open("a.pdf")
    with pytest.raises(StoreAway, match="Resting"):  # nobody waits any more
        default_storage.open("a.pdf")
    shared_store.thaw()
    assert default_storage.open("a.pdf").read() == b"one"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", HEAD])
def test_a_store_that_drips_is_cut_off(begin):
    with dripping_server(begin) as port, pytest.raises(StoreAway):
        store_at(port, whole_seconds=0.5).open("a.pdf")


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MEBIBYTE = b"100000\r\n" + b"<" * 0x100000 + b"\r\n"
ASKS = [lambda store: store.open("a.pdf"), lambda store: store.listdir("")]


@pytest.mark.parametrize("ask", ASKS)
def test_an_answer_without_end_is_not_kept_in_memory(ask):
    cut_off = pytest.raises(StoreAway, match=r"ProtocolError|ConnectionClosedError")
    with dripping_server(CHUNKED, MEBIBYTE, pause=0) as port, cut_off:
        ask(store_at(port))


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("begin", [CHUNKED + MEBIBYTE, HEAD + b"<"])
def test_a_store_whose_answer_breaks_off_is_away(ask, begin):
    with dripping_server(begin, None) as port, pytest.raises(StoreAway):
        ask(store_at(port))


def test_a_connection_that_was_used_before_is_cut_off_too(shared_store):
    default_storage.save("a.pdf", ContentFile(b"one"))
    storages["default"].whole_seconds = 0.5
    shared_store.freeze()
    with pytest.raises(StoreAway, match="TimeoutError"):
        default_storage.open("a.pdf")


class Heard(logging.Handler):
    """Keeps what is logged."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.said = []

    def emit(self, record):
        self.said.append(record.getMessage())


@pytest.fixture
def heard():
    """All that the store's libraries log, even what production does not."""
    handler, log = Heard(), logging.getLogger("botocore")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield handler.said
    log.removeHandler(handler)
    log.setLevel(level)


def test_no_log_and_no_error_tells_the_key(shared_store, heard):
    secret = KEY.partition(":")[2]
    default_storage.save("a.pdf", ContentFile(b"one"))
    with mute_server() as port:
        for store in (default_storage, store_at(port, whole_seconds=0.5)):
            with pytest.raises((StoreAway, FileNotFoundError)) as failed:
                store.open("b.pdf")
            fault = failed.value
            assert secret not in f"{fault!r} {fault.__cause__!r} {store!r}"
    assert heard
    assert not [line for line in heard if secret in line]


@pytest.mark.parametrize(
    ("url", "key", "said"),
    [
        ("https://s3.example.fi/varmenteet", "", "STORE_KEY_FILE"),
        ("https://s3.example.fi/varmenteet", "only-half", "STORE_KEY_FILE"),
        ("https://id:secret@s3.example.fi/varmenteet", KEY, "must not be in STORE_URL"),
        ("", KEY, "STORE_URL must be"),
        ("https://s3.example.fi", KEY, "STORE_URL must be"),
        ("s3://varmenteet", KEY, "STORE_URL must be"),
        ("https://s3.example.fi/varmenteet/folder", KEY, "STORE_URL must be"),
        ("https://s3.example.fi/varmenteet?regoin=fi", KEY, "unknown parameter regoin"),
    ],
)
def test_half_a_setting_is_refused(url, key, said):
    with pytest.raises(ImproperlyConfigured) as refused:
        env.store(url, key, whole_seconds=5)
    assert said in str(refused.value)
    assert "only-between" not in str(refused.value)


def test_the_whole_setting_is_told_the_store():
    options = env.store(
        "https://s3.example.fi:9000/varmenteet?region=fi-1&encryption=AES256&cafile=/ca.pem",
        KEY,
        whole_seconds=5,
    )
    store = SharedStore(**options)
    assert (store.endpoint_url, store.bucket_name) == ("https://s3.example.fi:9000", "varmenteet")
    assert (store.region_name, store.verify) == ("fi-1", "/ca.pem")
    assert store.get_object_parameters("a.pdf") == {"ServerSideEncryption": "AES256"}
    assert env.store("", "", whole_seconds=5) == {}


def test_what_a_frozen_store_could_not_delete_is_swept_later(shared_store, matti):
    case = orders.draft(matti, "system_signature")
    kept = case.attachments.get(removed_at=None).file.name
    lost = default_storage.save("lost.pdf", ContentFile(PDF))
    now = clock.now()
    assert sweeping.sweep(now=now) == 0
    assert sweeping.sweep(now=now + sweeping.LEAST_AGE + timedelta(minutes=1)) == 1
    assert default_storage.exists(kept) and not default_storage.exists(lost)


def test_a_database_that_knows_none_of_many_files_has_nothing_swept(shared_store, db, monkeypatch):
    monkeypatch.setattr(sweeping, "MOST", 2)
    names = [default_storage.save(f"{n}.pdf", ContentFile(b"one")) for n in range(3)]
    with pytest.raises(sweeping.TooManyUnknown):
        sweeping.sweep(now=clock.now() + timedelta(days=30))
    assert all(map(default_storage.exists, names))


@pytest.fixture
def other_owner(shared_store, db):
    """Another database owns the documents, of which this one knows none."""
    default_storage.save("a.pdf", ContentFile(PDF))
    default_storage.save("database/name", ContentFile(b"another"))


def test_what_belongs_to_another_database_is_not_swept_and_somebody_is_told(
    other_owner, monkeypatch
):
    later = clock.now() + timedelta(days=30)
    with pytest.raises(ownership.OfAnotherDatabase):
        sweeping.sweep(now=later)
    monkeypatch.setattr(clock, "now", lambda: later)
    try:
        tasks.sweep_files()
        assert sweeping.ALARM in health.sounding(health.TO_DO, health.read_signs())
        assert default_storage.exists("a.pdf")
        call_command("claim_store")
        assert sweeping.ALARM not in health.sounding(health.TO_DO, health.read_signs())
    finally:
        alarms.clear(sweeping.ALARM)


def test_after_a_claim_another_database_has_a_week_to_say_so(other_owner):
    call_command("claim_store")
    now = clock.now()
    assert sweeping.sweep(now=now + sweeping.LEAST_AGE - timedelta(minutes=1)) == 0
    assert default_storage.exists("a.pdf")
    assert sweeping.sweep(now=now + sweeping.LEAST_AGE + timedelta(minutes=1)) == 1


def test_claiming_a_store_that_is_away_says_so(shared_store, db):
    shared_store.freeze()
    with pytest.raises(CommandError, match="does not answer"):
        call_command("claim_store")


def test_a_rolled_back_transaction_leaves_nothing_in_the_store(shared_store, db):
    def fail():
        with storing.atomic():
            storing.write(PDF)
            raise DatabaseError

    with pytest.raises(DatabaseError):
        fail()
    assert shared_store.objects() == {}


def test_a_file_that_cannot_be_stored_is_refused_in_words(shared_store, db):
    shared_store.freeze()
    with pytest.raises(NotStored), storing.atomic():
        storing.write(PDF)


def test_an_existing_folder_is_copied_verified_and_may_be_copied_again(
    shared_store, settings, tmp_path, capsys
):
    settings.PORTAL_DATA = tmp_path
    local = FileSystemStorage(location=tmp_path / "attachments")
    for n in range(3):
        local.save(f"{n}.pdf", ContentFile(documents.pdf(str(n))))
    call_command("copy_to_store")
    assert "3 files are in the store, 3 of them copied now, all verified" in capsys.readouterr().out
    local.save("3.pdf", ContentFile(PDF))
    call_command("copy_to_store")
    assert "4 files are in the store, 1 of them copied now" in capsys.readouterr().out
    assert default_storage.open("3.pdf").read() == PDF
    default_storage.save("2.pdf", ContentFile(b"another"))
    with pytest.raises(CommandError, match=r"another file of the name 2\.pdf"):
        call_command("copy_to_store")


@pytest.mark.parametrize("command", ["copy_to_store", "claim_store"])
def test_without_a_store_there_is_nothing_to_copy_to_or_claim(command):
    with pytest.raises(CommandError, match="Set STORE_URL"):
        call_command(command)


def test_a_port_that_somebody_else_has_is_not_the_stores(tmp_path, monkeypatch):
    server = StoreServer(tmp_path / "moto.log")
    with mute_server() as taken:
        ports = iter([taken, free_port(), free_port()])
        monkeypatch.setattr("tests.shared_store.free_port", lambda: next(ports))
        server.start()
    try:
        assert server.port != taken
        server.new_bucket()
        assert server.objects() == {}
    finally:
        server.kill()

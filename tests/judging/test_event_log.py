"""Our log as read by other people: the packages of Go's checksum database (golang.org/x/mod).

They check the signed head, every tile and entry, a proof of every leaf, and one of consistency.
"""

import os
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certportal.foundation.actors import system
from certportal.foundation.event_log.files import folder
from certportal.foundation.event_log.notes import Checkpoint, Signer
from certportal.foundation.event_log.tiles import Edge, bundle
from certportal.foundation.event_log.tree_hashes import leaf_hash
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.events import Subject, record
from certportal.foundation.models import Event
from issuance import services
from issuance.services.event_log import build, key
from tests.logged import answer_at_once, make_log

ENTRIES = [f'{{"id":{number}}}'.encode() for number in range(70_000)]


def built(folder: Path, source: str):
    """Build the program with Debian's copy of the packages; return how to run it."""
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
    }
    program = str(folder / "program")
    command = ["go", "build", "-o", program, str(Path(__file__).parent / source)]
    subprocess.run(command, check=True, env=environment, timeout=300)

    def run(*arguments: object) -> str:
        done = subprocess.run(
            [program, *map(str, arguments)], capture_output=True, text=True, timeout=300
        )
        return done.stdout or done.stderr

    return run


@pytest.fixture(scope="session")
def judge(tmp_path_factory):
    """The program that reads a whole log."""
    return built(tmp_path_factory.mktemp("tlog"), "tlog/judge.go")


@pytest.fixture(scope="session")
def judge_receipt(tmp_path_factory):
    """The program that reads a receipt."""
    return built(tmp_path_factory.mktemp("tlog_proof"), "tlog_proof/receipt.go")


@pytest.fixture
def signer():
    return Signer("log.example.fi/events", Ed25519PrivateKey.generate())


def write(folder: Path, signer: Signer, entries: list[bytes]) -> str:
    """Write a log of these entries; return what the judge says of it."""
    edge = Edge()
    tiles = [*edge.append([leaf_hash(entry) for entry in entries]), *edge.partial()]
    files = {tile.path: content for tile, content in tiles}
    for tile, _ in tiles:
        if tile.level == 0:
            start = tile.index * 256
            files[tile.entries_path] = bundle(entries[start : start + tile.width])
    head = Checkpoint(signer.name, edge.size, edge.root())
    files["checkpoint"] = signer.sign(head.text).encode()
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return f"{head.text.split()[1]} {head.text.split()[2]}\n"


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 1000, 65_536, 70_000])
def test_a_stranger_reads_the_whole_log(judge, signer, tmp_path, size):
    said = write(tmp_path, signer, ENTRIES[:size])
    assert judge(signer.verifier, tmp_path) == said


@pytest.mark.parametrize(("before", "size"), [(1, 2), (3, 7), (256, 700), (255, 70_000)])
def test_a_stranger_finds_an_earlier_head_in_the_log(judge, signer, tmp_path, before, size):
    write(tmp_path, signer, ENTRIES[:before])
    older = (tmp_path / "checkpoint").rename(tmp_path / "older")
    said = write(tmp_path, signer, ENTRIES[:size])
    assert judge(signer.verifier, tmp_path, older) == said


def test_a_stranger_finds_what_was_changed(judge, signer, tmp_path):
    write(tmp_path, signer, ENTRIES[:300])
    bundle_file = tmp_path / "tile/entries/000"
    bundle_file.write_bytes(bundle_file.read_bytes().replace(b'{"id":7}', b'{"id":8}'))
    assert "invalid" in judge(signer.verifier, tmp_path)


def test_a_stranger_finds_that_the_head_is_of_another_log(judge, signer, tmp_path):
    write(tmp_path / "one", signer, ENTRIES[:300])
    write(tmp_path / "other", signer, [b"{}", *ENTRIES[1:200]])
    said = judge(signer.verifier, tmp_path / "one", tmp_path / "other" / "checkpoint")
    assert "invalid" in said


@pytest.mark.django_db(transaction=True)
def test_a_stranger_reads_the_log_that_the_signer_builds(judge, settings, tmp_path, now):
    settings.PORTAL_DATA, settings.CA_KEYS_DIR = tmp_path / "data", str(tmp_path / "keys")
    settings.CA_KEY_PASSWORD_FILE = str(tmp_path / "password")
    (tmp_path / "password").write_text("a password of the tests")
    verifier, older = key.make("log.example.fi/events"), tmp_path / "older"
    for turn in range(1, 30):
        for number in range(turn * 3):
            about = Subject("test", number)
            record(ServiceEvent.FEEDBACK_GIVEN, about, actor=system("test"), now=now, text="ä")
        build.extend()
        if turn == 7:
            older.write_text((folder() / "checkpoint").read_text())
    assert judge(verifier, folder(), older).startswith(f"{Event.objects.count()} ")


@pytest.mark.django_db(transaction=True)
def test_a_stranger_checks_receipts_with_a_program_of_others(
    judge_receipt, settings, tmp_path, now, monkeypatch
):
    answer_at_once(monkeypatch)
    verifier = make_log(settings, tmp_path)
    for number in range(300):
        record(ServiceEvent.FEEDBACK_GIVEN, Subject("test", number), actor=system("test"), now=now)
    numbers = list(Event.objects.order_by("pk").values_list("pk", flat=True))
    path = tmp_path / "x.tlog-proof"
    for receipt in services.receipts([numbers[0], numbers[17], numbers[-1]]).values():
        path.write_text(str(receipt))
        assert judge_receipt(verifier, path) == receipt.entry.decode()
        path.write_text(str(receipt).replace("index ", "index 1"))
        assert "invalid" in judge_receipt(verifier, path)

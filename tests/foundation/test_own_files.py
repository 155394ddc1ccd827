"""Nobody else on the machine reads a file of the service, whatever the umask of its processes."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage

from accounts.identification.testidp import tokens
from applications.services.order_numbers import highest_path
from certportal.dev.builders import orders
from certportal.dev.builders.hierarchy import Place, issuing, make_hierarchy
from certportal.foundation import clock, own_files
from certportal.foundation.backup import back_up
from certportal.foundation.files import storing
from certportal.foundation.mail.eml_files import EmlBackend
from issuance import services as authority
from issuance.journal import path as journal_path
from issuance.publication.repository import certificate_path, crl_path
from issuance.services.status.publish_ocsp import refresh_responses
from issuance.signers.file import KeyFiles

FILES = {0o400, 0o440, 0o600, 0o640}
FOLDERS = {0o700, 0o750}
# What the web process hands out may be written by the `ca` worker, under a user of its own.
SERVED = ("crl", "ca/public", "ocsp")


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_file_is_replaced_whole_and_has_its_mode(umask: int, tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "list.crl"
    own_files.replace(path, b"one")
    own_files.replace(path, b"two")
    assert path.read_bytes() == b"two"
    assert mode(path) == 0o640
    assert mode(path.parent) == mode(path.parent.parent) == 0o750
    assert os.listdir(path.parent) == ["list.crl"]


def test_a_new_file_is_never_written_over_another(umask: int, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "root.key"
    own_files.write_new(path, b"secret", 0o400)
    assert (mode(path), mode(path.parent)) == (0o400, 0o700)
    with pytest.raises(FileExistsError):
        own_files.write_new(path, b"other", 0o400)
    assert path.read_bytes() == b"secret"
    assert os.listdir(path.parent) == ["root.key"]


def test_a_file_that_was_readable_is_shut_when_it_is_opened(umask: int, tmp_path: Path) -> None:
    path = tmp_path / "sote.journal"
    path.touch()
    path.chmod(0o644)
    os.close(own_files.open_or_make(path, os.O_RDWR))
    assert mode(path) == 0o600


def test_a_failed_write_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.crl"
    own_files.replace(path, b"one")

    def full(_descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        own_files.replace(path, b"two")
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["list.crl"]


@pytest.fixture
def forced(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of files and folders that are forced to disk, files by that of their draft."""
    names = set[str]()

    def force(descriptor: int) -> None:
        names.add(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name.partition(".part")[0])

    monkeypatch.setattr(os, "fsync", force)
    return names


def test_a_power_failure_takes_neither_content_nor_name(forced: set[str], tmp_path: Path) -> None:
    own_files.write_new(tmp_path / "keys" / "root.key", b"secret", 0o400)
    assert [*sorted(forced)][1:] == ["keys", tmp_path.name]
    forced.clear()
    own_files.replace(tmp_path / "keys" / "list.crl", b"one")
    assert [*sorted(forced)][1:] == ["keys"]
    forced.clear()
    own_files.replace(tmp_path / "keys" / "list.crl", b"two", lasting=False)
    assert forced == set()


def test_a_document_is_on_the_disk_before_a_row_names_it(
    forced: set[str], settings, tmp_path: Path
) -> None:
    """The database forces its rows to disk, which a power failure left without their documents."""
    attachments = tmp_path / "attachments"
    here = settings.STORAGES["default"] | {"OPTIONS": {"location": str(attachments)}}
    settings.STORAGES = settings.STORAGES | {"default": here}
    name = default_storage.save("a.pdf", ContentFile(b"%PDF-1.7 todistus"))
    assert (attachments / name).read_bytes() == b"%PDF-1.7 todistus"
    assert {"attachments", tmp_path.name} < forced


@pytest.fixture
def cas(umask: int, db: None, settings, tmp_path: Path):
    """The four CAs, registered here: the files of what is put back have modes of its own."""
    return make_hierarchy(settings, tmp_path)


def test_all_that_an_order_leaves_on_the_disk(
    umask: int, matti, riitta, cas, settings, tmp_path: Path
) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            **settings.STORAGES["default"],
            "OPTIONS": settings.STORAGES["default"]["OPTIONS"]
            | {"location": str(tmp_path / "attachments")},
        },
    }
    orders.delivered(matti, riitta)
    attached = Path(default_storage.path(storing.write(b"%PDF-1.7 todistus")))
    authority.publish_crls(now=clock.now())
    refresh_responses(now=clock.now())
    key = issuing(Place("production", "ec"))
    KeyFiles(str(tmp_path / "ca" / "keys"), password=b"p" * 16).store(
        "sote-ec-1", key.private_key, key.chain
    )
    mail = EmailMessage("Tilaus", "Varmenne on valmis.", "a@example.fi", ["matti@example.fi"])
    EmlBackend(directory=str(tmp_path / "mail")).send_messages([mail])
    tokens._make(tmp_path / "testidp.pem")
    wanted = [
        attached,
        journal_path("sote-ec-1"),
        crl_path("sote-ec-1"),
        certificate_path("sote-ec-1"),
        highest_path(),
    ]
    assert all(path.is_file() for path in wanted)
    check(tmp_path)


def check(data: Path) -> None:
    """Whatever lies there is shut to others, and what is served is open to the group."""
    found = list(data.rglob("*"))
    wrong = {str(one): oct(mode(one)) for one in found if mode(one) not in FILES | FOLDERS}
    assert wrong == {}
    for folder in SERVED:
        served = [data / folder, *(data / folder).rglob("*")]
        assert len(served) > 1
        assert {mode(one) for one in served} == {0o640, 0o750}


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_its_makers_alone(umask: int, cas, tmp_path: Path) -> None:
    subprocess.run(["age-keygen", "-o", tmp_path / "key"], check=True, capture_output=True)
    recipients = tmp_path / "recipients"
    public = subprocess.run(["age-keygen", "-y", tmp_path / "key"], check=True, capture_output=True)
    recipients.write_bytes(public.stdout)
    back_up(tmp_path / "backups" / "today", recipients=recipients, now=clock.now())
    made = tmp_path / "backups" / "today"
    assert mode(made) == 0o700
    assert {one.name: mode(one) for one in made.iterdir()} == {
        "database.age": 0o600,
        "files.age": 0o600,
        "manifest.json": 0o600,
    }


def test_what_root_makes_is_given_at_once_to_whoever_runs_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that `publish_crl` replaced as root could not be read until the command had ended."""
    given: list[tuple[int, int]] = []
    owner = (tmp_path.stat().st_uid, tmp_path.stat().st_gid)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda _made, *new: given.append(new))
    own_files.replace(tmp_path / "crl" / "sote-ec-1.crl", b"list")
    own_files.write_new(tmp_path / "sote-ec-1.key", b"key")
    assert given == [owner] * 3

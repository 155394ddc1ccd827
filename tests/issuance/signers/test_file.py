"""What is particular to key files."""

import os
from pathlib import Path

import pytest
from pytest_django import Settings

from certportal.dev.builders.hierarchy import Place, issuing
from issuance.signers import SignerUnavailable
from issuance.signers.file import KeyFiles

EC = Place("production", "ec")


def test_signing_the_same_bytes_again_gives_the_same(keys: KeyFiles) -> None:
    """RFC 6979: a crash between signature and journal leaves no second signature."""
    from issuance.authority.sign import sign_bytes

    for place in (EC, Place("production", "rsa")):
        assert sign_bytes(b"bytes", issuing(place)) == sign_bytes(b"bytes", issuing(place))


def test_a_wrong_password_is_unavailable_and_tells_nothing(keys: KeyFiles, tmp_path: Path) -> None:
    own = issuing(EC)
    keys.store("file-1", own.private_key, own.chain)
    (tmp_path / "password").write_text("wrong")
    with pytest.raises(SignerUnavailable) as error:
        keys.load("file-1")
    said = "the password is another one, or the file is damaged"
    assert str(error.value) == f"file-1: {said}"
    (tmp_path / "password").unlink()
    with pytest.raises(SignerUnavailable) as error:
        keys.load("file-1")
    assert str(error.value) == f"file-1: {tmp_path / 'password'}: No such file or directory"


def test_a_process_without_the_settings_has_no_keys(settings: Settings, keys: KeyFiles) -> None:
    own = issuing(EC)
    keys.store("file-1", own.private_key, own.chain)
    folder, settings.CA_KEYS_DIR, settings.CA_KEY_PASSWORD_FILE = settings.CA_KEYS_DIR, "", ""
    with pytest.raises(SignerUnavailable):
        KeyFiles().load("file-1")
    with pytest.raises(SignerUnavailable):
        KeyFiles(folder).load("file-1")


def test_key_files_are_encrypted_private_and_never_overwritten(keys: KeyFiles) -> None:
    own = issuing(EC)
    keys.store("file-2", own.private_key, own.chain)
    content = keys.key_path("file-2").read_bytes()
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in content
    assert keys.key_path("file-2").stat().st_mode & 0o777 == 0o400
    with pytest.raises(FileExistsError):
        keys.store("file-2", own.private_key, own.chain)
    with pytest.raises(FileExistsError):
        keys.make_key("file-2", "ec", 0)
    assert keys.key_path("file-2").read_bytes() == content


def test_a_crash_while_storing_leaves_no_half_key(
    keys: KeyFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = issuing(EC)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", crash)
        with pytest.raises(KeyboardInterrupt):
            keys.store("file-3", own.private_key, own.chain)
    assert not keys.key_path("file-3").exists()
    keys.store("file-3", own.private_key, own.chain)
    assert keys.load("file-3").private_key.private_numbers()


def test_a_file_that_is_no_ca_key_is_refused(keys: KeyFiles) -> None:
    own = issuing(EC)
    keys.store("file-4", own.private_key, own.chain)
    keys.key_path("file-4").chmod(0o600)
    keys.key_path("file-4").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n")
    with pytest.raises(SignerUnavailable):
        keys.load("file-4")


def test_a_key_waits_for_its_chain(keys: KeyFiles) -> None:
    made = keys.make_key("file-5", "ec", 0)
    assert not keys.exists("file-5")
    waiting = keys.pending("file-5")
    assert waiting is not None and waiting.public_key() == made.public_key()
    keys.keep_chain("file-5", issuing(EC).chain)
    assert keys.exists("file-5") and keys.pending("file-5") is None

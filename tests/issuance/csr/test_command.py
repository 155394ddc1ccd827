"""The doctor on the command line."""

import io
import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import CommandError, call_command
from django.db import OperationalError

from accounts.models import Organisation
from certportal.foundation.models import OutboxItem
from issuance.certificate.order import CertificateOrder
from issuance.csr import Report, examine
from issuance.keys.policy import spki_sha256
from issuance.management.commands import check_csr
from issuance.management.commands.check_csr import MOST_READ, serve
from issuance.models import BlockedKey, Certificate
from tests.issuance.csr.builder import GOOD, HOST, ec_key, pem, request, spki_of
from tests.issuance.orders import server_order

PEM = pem(GOOD.der()).encode()


def run(data: bytes, tmp_path, *options: str) -> tuple[str, int]:
    path, out = tmp_path / "request.csr", io.StringIO()
    path.write_bytes(data)
    try:
        call_command("check_csr", str(path), *options, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


@pytest.mark.django_db
def test_a_good_request_is_shown_and_passes(tmp_path) -> None:
    text, status = run(PEM, tmp_path)
    assert status == 0
    assert text.startswith("The certificate request is OK\n")
    assert HOST in text
    assert "P-256" in text


@pytest.mark.django_db
def test_a_bad_request_is_refused_with_words(tmp_path) -> None:
    text, status = run(request(version=b"\x02\x01\x02"), tmp_path)
    assert status == 1
    assert text.startswith("The certificate request cannot be used as it is\n")
    assert "2" in text


@pytest.mark.django_db
def test_what_is_no_request_is_not_called_one(tmp_path) -> None:
    text, status = run(b"hello", tmp_path)
    assert status == 1
    assert text.startswith("The file is not a certificate request\n")


@pytest.mark.django_db
def test_every_word_is_in_the_readers_language(tmp_path) -> None:
    text, _ = run(request(version=b"\x02\x01\x02"), tmp_path, "--language", "fi")
    assert text.startswith("Varmennepyyntöä ei voi käyttää")
    assert "[Estää myöntämisen] Varmennepyynnön rakenne: " in text


@pytest.mark.django_db
def test_a_file_that_is_not_there_is_said(tmp_path) -> None:
    with pytest.raises(CommandError, match=r"none\.csr: No such file"):
        call_command("check_csr", str(tmp_path / "none.csr"))


@pytest.mark.django_db
def test_hostile_names_do_not_steer_the_terminal(tmp_path) -> None:
    from tests.issuance.csr.builder import attribute, name

    text, _ = run(request(subject=name(attribute("CN", "a\x1b[2Jb"))), tmp_path)
    assert "\x1b" not in text


@pytest.mark.django_db
def test_json_has_verdict_reasons_and_worded_findings(tmp_path) -> None:
    text, status = run(b"hei", tmp_path, "--json", "--language", "sv")
    answer = json.loads(text)
    assert status == 1
    assert answer["verdict"] == "reject"
    assert answer["reasons"] == ["not-a-csr"]
    assert {"rule", "severity", "params", "text", "remedy"} <= answer["findings"][0].keys()


def leaked() -> tuple[bytes, str]:
    """A private key as PEM, and the hash by which it is known."""
    key = ec_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key, spki_sha256(spki_of(ec_key()))


@pytest.mark.django_db
def test_a_leaked_key_is_blocked_and_from_then_on_refused(tmp_path) -> None:
    key, spki = leaked()
    assert run(key, tmp_path)[1] == 1
    assert BlockedKey.objects.get().spki_sha256 == spki
    text, _ = run(PEM, tmp_path, "--json")
    assert json.loads(text)["reasons"] == ["compromised-key"]


@pytest.fixture
def order(pharmacy: Organisation) -> CertificateOrder:
    """The order of `certificate`, for the key that leaks."""
    return server_order(pharmacy, ec_key())


def test_the_certificate_of_a_leaked_key_is_revoked(certificate: Certificate, tmp_path) -> None:
    run(leaked()[0], tmp_path)
    certificate.refresh_from_db()
    assert (certificate.state, certificate.revocation_reason) == ("revoked", "key_compromise")
    assert OutboxItem.objects.filter(topic="certificate.revoked").exists()


@pytest.mark.django_db
def test_without_a_database_the_rules_are_applied_and_the_rest_is_said(
    tmp_path, monkeypatch, capsys
) -> None:
    def no_database(spki: str) -> bool:
        raise OperationalError

    monkeypatch.setattr("issuance.management.commands.check_csr.is_blocked", no_database)
    assert run(leaked()[0], tmp_path)[1] == 1
    assert not BlockedKey.objects.exists()
    assert "No database" in capsys.readouterr().err


def served(*files: bytes) -> list[dict[str, object]]:
    requests = io.BytesIO(b"".join(b"%d\n" % len(data) + data for data in files))
    answers = io.BytesIO()
    serve(requests, answers)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def test_serving_answers_one_line_each() -> None:
    key = b"-----BEGIN PRIVATE KEY-----\n"
    answers = served(PEM, b"", key, PEM + b"\n" * 70_000, GOOD.der())
    assert [answer["verdict"] for answer in answers] == [
        "accept",
        "reject",
        "reject",
        "reject",
        "accept",
    ]
    assert [answer["reasons"] for answer in answers[1:4]] == [
        ["not-a-csr"],
        ["private-key-included"],
        ["too-large"],
    ]


def test_serving_skips_what_is_beyond_all_measure() -> None:
    answers = served(bytes(MOST_READ + 1000), PEM)
    assert [answer["verdict"] for answer in answers] == ["reject", "accept"]


@pytest.mark.parametrize("line", [b"", b"\n", b"x\n", b"-5\n", b"9" * 40])
def test_serving_ends_at_the_end_or_at_nonsense(line: bytes) -> None:
    answers = io.BytesIO()
    serve(io.BytesIO(line), answers)
    assert answers.getvalue() == b""


def test_the_command_reads_standard_input(settings) -> None:
    command = [sys.executable, "manage.py", "check_csr", "-", "--json"]
    done = subprocess.run(
        command, input=PEM, capture_output=True, cwd=settings.BASE_DIR, timeout=60, check=False
    )
    assert json.loads(done.stdout)["verdict"] == "accept"
    assert done.returncode == 0


def test_tables_of_the_weak_key_search_are_made_before_the_first_file_is_taken(monkeypatch) -> None:
    """Callers limit the time for each file, and making the tables takes a good part of it."""
    happened = []
    monkeypatch.setattr(check_csr, "prepare_search", lambda: happened.append("tables"))

    def doctor(data: bytes) -> Report:
        happened.append("file")
        return examine(data)

    check_csr.serve(io.BytesIO(b"3\nabc"), io.BytesIO(), doctor)

    assert happened == ["tables", "file"]

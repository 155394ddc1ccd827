"""`./portal run` with the keys of its CAs in a token, tried with SoftHSM."""

import json
import os
import shutil
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.issuance.signers.softhsm import LABEL, MODULE, SoftToken
from tests.issuance.status import openssl
from tests.journeys.steps import await_true
from tests.served import running, start, stop, told_by
from tests.stack import ROOT, free_port

KINDS = {"web", "front", "default", "mail", "ca", "beat"}


@pytest.fixture
def data():
    """A data directory of its own."""
    made = Path(os.environ["PORTAL_DATA"], "token").resolve()
    shutil.rmtree(made, ignore_errors=True)  # of a run that was killed
    made.mkdir()
    (made / "lock").touch()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def exported(tmp_path, monkeypatch):
    """The address of a token, and the place of the chains, in the operator's shell."""
    token = SoftToken(tmp_path)
    for name, value in token.environment.items():
        monkeypatch.setenv(name, value)
    token.initialise()
    monkeypatch.setenv("CA_PKCS11_MODULE", MODULE)
    monkeypatch.setenv("CA_PKCS11_TOKEN", LABEL)
    monkeypatch.setenv("CA_PKCS11_PIN_FILE", str(tmp_path / "pin"))
    monkeypatch.setenv("CA_KEYS_DIR", str(tmp_path / "chains"))
    return tmp_path


def with_the_token(data):
    """Return the kinds of processes that run, and those that have loaded the token's library.

    The latter with that which started them.
    """
    kinds, loaded = set(), set()
    for pid in running(data):
        try:
            kind = Path("/proc", str(pid), "comm").read_text().strip()
            maps = Path("/proc", str(pid), "maps").read_text()
            parent = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[1]
            starter = Path("/proc", parent, "comm").read_text().strip()
        except OSError:
            continue  # it has ended meanwhile
        kinds |= {kind} & KINDS
        loaded |= {(kind, starter)} if Path(MODULE).name in maps else set()
    return kinds, loaded


def not_well(port):
    """Return what the service itself names; the `ca` worker tries its keys with each heartbeat."""
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=30) as answer:
            return json.load(answer)["not_well"]
    except urllib.error.HTTPError as error:
        return json.load(error)["not_well"]


def signed_answer(port, chains, stem):
    """Return what openssl says of the status of a certificate that the CA has never issued.

    Such an answer is in no file: the `ca` worker signs it when it is asked.
    """
    chain = chains / f"{stem}.chain.pem"
    asked = ["-issuer", chain, "-serial", "0x2026", "-CAfile", chain]
    done = openssl.ocsp(*asked, "-url", f"http://localhost:{port}/ocsp/{stem}")
    return done.stderr + done.stdout


def test_the_ca_worker_alone_uses_the_token_and_signs_with_it(data, exported):
    port = free_port()
    run = start(ROOT, data, port)
    try:
        told_by(run, data)
        assert not list(exported.rglob("sote-*.key"))
        for stem in ("sote-ec-1", "sote-rsa-1"):
            assert (exported / "chains" / f"{stem}.chain.pem").exists()
        await_true(
            lambda: not {"worker-ca", "ca-key"} & set(not_well(port)),
            "the worker does not find its keys in the token",
            seconds=120,
        )
        for stem in ("sote-ec-1", "sote-rsa-1"):
            said = signed_answer(port, exported / "chains", stem)
            assert "Response verify OK" in said, said
            assert "0x2026: unknown" in said, said
        assert with_the_token(data) == (KINDS, {("token", "ca")})
        with SoftToken(exported).silent():
            await_true(
                lambda: "token-silent" in not_well(port),
                "nobody is told that the token does not answer",
                seconds=120,
            )
            assert "worker-ca" not in not_well(port)
            assert with_the_token(data) == (KINDS, set())
    finally:
        stop(run, data)

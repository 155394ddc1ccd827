"""What others take for issuing a certificate, from the same requests and with the same keys.

`openssl ca` and cfssl apply hardly any rules and no lint. cfssl and pyca insert into the database
of the same run and commit; of cfssl, which is measured where it is installed, its server's CPU time
and that of its sessions in the database are counted, not that of who asks it.
"""

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import connection, transaction

from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.authority.build import _builder
from issuance.authority.sign import sign_bytes
from issuance.certificate.plan import new_serial, serial_hex
from issuance.signers import Signer
from tests.benchmarks import servers
from tests.benchmarks.issuing import Part
from tests.benchmarks.servers import Server
from tests.issuance.orders import HOSTS
from tests.issuance.plans import plan
from tests.stack import free_port

RAW = "raw signing"


def raw_signing(signer):
    """The signature alone, over as many bytes as a certificate has."""
    return Part(RAW, lambda: sign_bytes(b"x" * 1200, signer))


def plain_pyca(key_kind, signer, request):
    """Read the request, build and sign with pyca, insert a row, commit: no rules, no lint."""
    planned = plan("server", key_kind)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_plain (serial text UNIQUE, der bytea)")

    def make():
        asked = csr_of(request)
        assert asked.is_signature_valid
        made = _builder(planned).sign(signer.private_key, SIGNATURE_ALGORITHMS[signer.branch].hash)
        with transaction.atomic(), connection.cursor() as cursor:
            row = [serial_hex(new_serial()), made.public_bytes(Encoding.DER)]
            cursor.cursor.execute("INSERT INTO bench_plain VALUES (%s, %s)", row)

    return Part("plain pyca + PostgreSQL", make)


def csr_of(request):
    """The request as pyca reads it."""
    return x509.load_der_x509_csr(request)


CONFIG = """
[ca]
default_ca = own
[own]
dir = {folder}
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = {digest}
default_days = 365
policy = any
unique_subject = no
x509_extensions = own_ext
[any]
commonName = supplied
[own_ext]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
"""


def openssl_ca(signer, requests, folder):
    """`openssl ca` over many requests in one run, the key unencrypted on the disk."""
    folder.mkdir(parents=True)
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n")
    _write_ca(signer, folder)
    config = folder / "ca.cnf"
    config.write_text(
        CONFIG.format(folder=folder, digest=SIGNATURE_ALGORITHMS[signer.branch].hash.name)
    )
    files = []
    for number, request in enumerate(requests):
        files.append(folder / f"{number}.csr")
        files[-1].write_bytes(csr_of(request).public_bytes(Encoding.PEM))
    command = ["openssl", "ca", "-batch", "-notext", "-config", config, "-infiles", *files]

    def sign():
        subprocess.run(command, check=True, capture_output=True)

    return Part(f"openssl ca, {len(files)} in a run", sign, each=len(files))


def _write_ca(signer, folder):
    """The key unencrypted, as these programs want it."""
    (folder / "ca.pem").write_bytes(signer.chain[0].public_bytes(Encoding.PEM))
    own = signer.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "ca.key").write_bytes(own)


# ------------------------------------------------------------------ cfssl

CFSSL = "cfssl + PostgreSQL"
AT_A_TIME = 10
"""Certificates that cfssl is asked for in a turn."""
# As cfssl's statements have them (certdb/sql) and its documentation describes them.
TABLES = (
    "DROP TABLE IF EXISTS ocsp_responses, certificates",
    """
    CREATE TABLE certificates (
        serial_number bytea NOT NULL, authority_key_identifier bytea NOT NULL, ca_label bytea,
        status bytea NOT NULL, reason int, expiry timestamptz, revoked_at timestamptz,
        pem bytea NOT NULL, issued_at timestamptz, not_before timestamptz, metadata jsonb,
        sans jsonb, common_name text, PRIMARY KEY (serial_number, authority_key_identifier)
    )
    """,
    """
    CREATE TABLE ocsp_responses (
        serial_number bytea NOT NULL, authority_key_identifier bytea NOT NULL,
        body bytea NOT NULL, expiry timestamptz,
        PRIMARY KEY (serial_number, authority_key_identifier),
        FOREIGN KEY (serial_number, authority_key_identifier) REFERENCES certificates
    )
    """,
)
SESSIONS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'cfssl' ORDER BY pid"
USAGES = ["digital signature", "server auth", "client auth"]


@dataclass(frozen=True)
class Cfssl:
    """A server of cfssl, asked over one connection that is kept."""

    server: Server
    asked: Callable[[], x509.Certificate]
    name: str = CFSSL

    def seconds(self) -> float:
        """CPU time for one certificate, of the server and of its sessions in the database."""
        self.asked()
        before, sessions = self._spent()
        for _ in range(AT_A_TIME):
            self.asked()
        after, same = self._spent()
        assert sessions == same, "a session ended meanwhile, whose CPU time is not known"
        return (after - before) / AT_A_TIME

    def _spent(self) -> tuple[float, list[int]]:
        with connection.cursor() as cursor:
            cursor.execute(SESSIONS)
            sessions = [pid for (pid,) in cursor.fetchall()]
        return self.server.exact_cpu_seconds(*sessions), sessions


@contextmanager
def cfssl(signer: Signer, requests: Sequence[bytes], folder: Path) -> Iterator[list[Cfssl]]:
    """Start it with the key and a database of certificates; nothing where it is not installed."""
    if not servers.is_installed(servers.CFSSL):
        yield []
        return
    folder.mkdir(parents=True)
    _write_ca(signer, folder)
    signing = {"default": {"expiry": "8760h", "usages": USAGES}}
    (folder / "config.json").write_text(json.dumps({"signing": signing}))
    (folder / "db.json").write_text(json.dumps({"driver": "postgres", "data_source": _source()}))
    with connection.cursor() as cursor:
        for statement in TABLES:
            cursor.execute(statement)
    port = free_port()
    command = ["cfssl", "serve", "-address", "127.0.0.1", "-port", str(port), "-loglevel", "4"]
    for option, name in (("ca", "ca.pem"), ("ca-key", "ca.key"), ("config", "config.json")):
        command += [f"-{option}", str(folder / name)]
    with servers.served([*command, "-db-config", folder / "db.json"], port) as server:
        made = Cfssl(server, _asking(server, requests))
        made.asked().verify_directly_issued_by(signer.chain[0])
        yield [made]
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM certificates WHERE status = 'good'")
            assert cursor.fetchone()[0] > AT_A_TIME, "it has stored nothing"


def _source() -> str:
    """The database of this run, as cfssl's driver wants it told."""
    told = connection.connection.get_dsn_parameters()
    parts = [f"{name}={told[name]}" for name in ("host", "port", "user", "dbname") if name in told]
    return " ".join([*parts, "sslmode=disable", "application_name=cfssl"])


def _asking(server: Server, requests: Sequence[bytes]) -> Callable[[], x509.Certificate]:
    texts = [csr_of(each).public_bytes(Encoding.PEM).decode() for each in requests]
    asked = [json.dumps({"certificate_request": text, "hosts": HOSTS}) for text in texts]
    bodies, kept = cycle(asked), HTTPConnection("127.0.0.1", server.port)

    def ask() -> x509.Certificate:
        kept.request("POST", "/api/v1/cfssl/sign", next(bodies))
        told = json.load(kept.getresponse())
        return x509.load_pem_x509_certificate(told["result"]["certificate"].encode())

    return ask

"""Revocation lists and OCSP responses, each beside its floor of the same run.

A list's floor is hashing and signing the very same bytes. The responder's floor is the same
response fixed beforehand, from the same server with the same options; wrk asks both in turns.
"""

import json
import math
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from urllib.parse import quote
from urllib.request import urlopen

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPCertStatus, load_der_ocsp_response
from django.conf import settings
from django.db import connection

from certportal.dev.builders import hierarchy
from certportal.foundation import clock
from issuance.authority import crl, ocsp
from issuance.authority.sign import sign_bytes
from issuance.der import write
from issuance.models import IssuingCA
from issuance.publication import repository
from issuance.services.status.crl_entries import collect
from issuance.services.status.ocsp_responders import responder_for
from issuance.services.status.publish_ocsp import refresh_responses
from tests.benchmarks.harness import figure, rate
from tests.stack import free_port
from tests.tables import unkept

KINDS = {"P-384": "ec", "RSA-4096": "rsa"}
SIZES = (10_000, 100_000, 1_000_000)
STEM = "sote-ec-1"
ASKED = 200  # certificates whose status is signed ahead and asked for
ROUNDS, SECONDS = 11, 1
GUNICORN = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread"]
GUNICORN += ["--workers", "2", "--threads", "4", "--log-level", "error"]


def run():
    """Work in a database and a folder of its own, which are removed again."""
    hierarchy.RSA_BITS = 4096
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            cas = hierarchy.make_hierarchy(settings, Path(folder))
            figures = [each for kind in KINDS for each in _lists(kind, Path(folder))]
            return [*figures, *_database(cas[STEM]), *_responder(cas[STEM], Path(folder))]
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


# ------------------------------------------------------------------ lists


def _lists(kind, folder):
    signer = hierarchy.issuing(hierarchy.Place("production", KINDS[kind]))
    times, floors = [], []
    for size in SIZES:
        made, floor, whole = _list(signer, _entries(size), folder)
        times.append(made)
        floors.append(floor)
        label = f"{kind}: list of {size:,}"
        yield figure(f"{label}, joined, hashed, signed", made * 1000, "ms", floor * 1000)
        yield figure(f"{label}, checked and published too", whole * 1000, "ms", floor * 1000)
    for which, seconds in (("growth exponent", times), ("that of the floor", floors)):
        for at in (1, 2):
            grown = math.log10(seconds[at] / seconds[at - 1])
            yield figure(f"{kind}: {which}, {SIZES[at - 1]:,} to {SIZES[at]:,}", grown, "", 1.25)


def _entries(size):
    """Entries as a revocation stores them, with random serial numbers."""
    now = clock.now()
    serial = bytes.fromhex("01" + "00" * 14)
    model = crl.entry(int.from_bytes(serial), now, x509.ReasonFlags.superseded, now)
    before, after = model.split(serial)
    return [before + b"\x01" + secrets.token_bytes(14) + after for _ in range(size)]


def _list(signer, entries, folder):
    """Seconds of CPU time to make the list, to hash and sign its bytes, to publish it; verified."""
    now = clock.now()
    rounds = max(3, 300_000 // len(entries))
    made, floors, wholes = [], [], []
    stem = f"benchmark-{secrets.token_hex(4)}"  # numbers begin anew
    for number in range(1, rounds + 1):
        facts = crl.CrlFacts(number, now, now + timedelta(hours=48))
        begun = time.process_time()
        listed = crl.make(entries, facts, signer)
        made.append(time.process_time() - begun)
        crl.check(listed, signer.chain[0], after=number - 1, now=now)
        repository.publish_list(stem, number, listed)
        wholes.append(time.process_time() - begun)
        signed = bytes(crl.take_apart(listed).to_be_signed)
        begun = time.process_time()
        sign_bytes(signed, signer)
        floors.append(time.process_time() - begun)
    _verify(signer, listed, folder)
    return median(made), median(floors), median(wholes)


def _verify(signer, listed, folder):
    issuer, made = folder / "issuer.pem", folder / "made.crl"
    issuer.write_bytes(signer.chain[0].public_bytes(Encoding.PEM))
    made.write_bytes(listed)
    command = ["openssl", "crl", "-inform", "DER", "-in", made, "-CAfile", issuer, "-noout"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "verify OK" in done.stderr, done.stderr


def _database(ca):
    """Reading and joining the entries alone: what the list's own figures leave out."""
    model = crl.entry(1 << 112, clock.now(), x509.ReasonFlags.superseded, None).hex()
    before, after = model.split(f"{1 << 112:030x}")
    done = 0
    for size in (100_000, 1_000_000):
        _insert(ca, done, size, "revoked", f"'{before}' || serial || '{after}'")
        done = size
        seconds = []
        for _ in range(3):
            begun = time.perf_counter()
            assert collect(ca, None, clock.now()).count == size
            seconds.append(time.perf_counter() - begun)
        yield figure(f"{size:,} entries read from the database", median(seconds) * 1000, "ms")
    with unkept(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE issuance_certificate CASCADE")


def _insert(ca, begin, end, state, entry="''"):
    """Rows as they are after issuing (and revoking), straight into the table."""
    revoked = state == "revoked"
    with unkept(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO issuance_certificate (prepared_id, reference, issuing_ca_id,"
            " organisation_id, environment, profile_id, profile_version, serial, spki_sha256, der,"
            " sha256, not_before, not_after, issued_at, state, revoked_at, revocation_reason,"
            " crl_entry)"
            " SELECT i, gen_random_uuid(), %s, gen_random_uuid(), 'production', 'server', 1,"
            " serial, md5(serial), ''::bytea, md5(serial || 'x'), now(), now() + interval '1 year',"
            " now(), %s, CASE WHEN %s THEN now() END, CASE WHEN %s THEN 'superseded' ELSE '' END,"
            f" decode({entry}, 'hex') FROM (SELECT i, '01' || upper(left(md5(i::text), 28)) serial"
            " FROM generate_series(%s + 1, %s) i) made",
            [ca.pk, state, revoked, revoked, begin, end],
        )
        cursor.execute("ANALYZE issuance_certificate")


# ------------------------------------------------------------------ responder


def _responder(ca, folder):
    _insert(ca, 0, ASKED, "issued")
    now = clock.now()
    begun = time.perf_counter()
    assert not refresh_responses(now=now, most=10 * ASKED)
    ahead = 2 * ASKED / (time.perf_counter() - begun)
    responder = responder_for(ca, now=now)
    raw = rate(lambda: sign_bytes(b"x" * 200, responder))
    yield figure("P-384: responses signed ahead", ahead, "/s", raw)
    names = ocsp.Names(ca.certificate)
    asked = [names.cert_id("sha1", int(serial, 16)) for serial in _serials(ca)]
    yield from _under_wrk(folder, [_request(cert_id) for cert_id in asked])


def _serials(ca):
    return IssuingCA.objects.get(pk=ca.pk).certificates.values_list("serial", flat=True)


def _request(cert_id):
    return write.sequence(write.sequence(write.sequence(write.sequence(cert_id))))


def _under_wrk(folder, requests):
    """Both servers in turns, so that whatever else the machine does disturbs both alike.

    Beside the rate that wrk saw there is the rate by the CPU time the servers took, from which
    other programs take nothing.
    """
    scripts = {"GET": folder / "get.lua", "POST": folder / "post.lua"}
    scripts["GET"].write_text(_lua([("GET", _path(each), b"") for each in requests]))
    scripts["POST"].write_text(_lua([("POST", f"/ocsp/{STEM}", each) for each in requests]))
    with _server("certportal.wsgi", folder) as ours:
        _keep(ours, requests[0], folder)
        with _server("tests.benchmarks.fixed", folder) as fixed:
            for method, script in scripts.items():
                pairs = [(_wrk(ours, script), _wrk(fixed, script)) for _ in range(ROUNDS)]
                for at, how in enumerate(("under wrk", "by CPU time")):
                    rates = sorted(((one[at], other[at]) for one, other in pairs), key=_ratio)
                    label = f"OCSP by {method}, of the same response fixed, {how}"
                    yield figure(label, rates[ROUNDS // 2][0], "/s", rates[ROUNDS // 2][1])


def _ratio(pair):
    return pair[0] / pair[1]


def _keep(server, request, folder):
    """Keep one answer, which was signed ahead, for the other server to give."""
    with urlopen(server.base + _path(request)) as response:
        body, told = response.read(), response.getheaders()
    assert load_der_ocsp_response(body).certificate_status == OCSPCertStatus.GOOD
    (folder / "body").write_bytes(body)
    added = {"Server", "Date", "Connection"}  # by the server to every response
    headers = [(name, value) for name, value in told if name not in added]
    (folder / "headers").write_text(json.dumps(headers))


def _path(request):
    return f"/ocsp/{STEM}/{quote(b64encode(request), safe='')}"


def _lua(requests):
    """A script for wrk that puts the requests in turn."""
    lines = ["local all, i = {}, 0", "function init()", "all = {"]
    for method, path, body in requests:
        octets = "".join(f"\\{octet:03d}" for octet in body)
        lines.append(f'wrk.format("{method}", "{path}", nil, "{octets}"),')
    return "\n".join([*lines, "} end", "function request() i = i % #all + 1 return all[i] end"])


@contextmanager
def _server(application, folder):
    """The web server of `./portal run`, for one application."""
    base = f"http://127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        "PORTAL_DATA": str(folder),
        "PORTAL_PROCESS": "web",
        "FIXED_RESPONSE": str(folder),
    }
    command = [*GUNICORN, "--bind", base.removeprefix("http://"), application]
    process = subprocess.Popen(command, env=environment)
    try:
        server = Server(base, process)
        server.wait()
        yield server
    finally:
        process.terminate()
        process.wait()


@dataclass
class Server:
    base: str
    process: subprocess.Popen

    def wait(self):
        for _ in range(300):
            assert self.process.poll() is None
            try:
                urlopen(self.base + "/livez").close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"{self.base} does not answer")

    def cpu_seconds(self):
        """CPU time of the workers so far."""
        master = self.process.pid
        workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        facts = [Path(f"/proc/{each}/stat").read_text().rsplit(")")[1].split() for each in workers]
        return sum(int(each[11]) + int(each[12]) for each in facts) / os.sysconf("SC_CLK_TCK")


def _wrk(server, script):
    """Requests a second, and a second of CPU time; none of them failed."""
    command = ["wrk", "-t1", "-c8", f"-d{SECONDS}s", "-s", str(script), server.base]
    before = server.cpu_seconds()
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = server.cpu_seconds() - before
    assert "Non-2xx" not in told and "Socket errors" not in told, told
    count = int(re.search(r"(\d+) requests in", told)[1])
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]), count / spent

"""The instructions for taking a certificate into use, followed in the real programs."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from applications.documents import installing
from applications.documents.certificate_files import certificate_of, files
from applications.models import Application
from applications.rules.certificate_names import expected_names
from certportal.dev.builders import orders
from certportal.foundation import clock
from issuance.csr import remedies
from tests.journeys.steps import await_true
from tests.stack import free_port

pytestmark = pytest.mark.django_db
PASSWORD = "-storepass salasana"

NGINX = """\
daemon off; pid {folder}/pid; error_log stderr;
events {{}}
http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
{recipe} }}
"""
APACHE = """\
ServerRoot {folder}
PidFile {folder}/pid
ErrorLog {folder}/log
DefaultRuntimeDir {folder}
ServerName localhost
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
User www-data
Group www-data
Listen {port}
{recipe}
"""
HAPROXY = """\
defaults
    timeout connect 5s
    timeout client 5s
    timeout server 5s
{recipe}
    http-request return status 200
"""


@pytest.fixture
def order(matti, riitta, cas, tmp_path):
    """A delivered order whose key was made by our own commands, and its files in a folder."""
    draft = orders.draft(matti)
    names = expected_names(draft, now=clock.now())
    stem = remedies.file_stem(names)
    (tmp_path / f"{stem}.cnf").write_text(remedies.openssl_config(names))
    run(remedies.openssl_commands(names), tmp_path)
    return _issued(matti, riitta, draft, tmp_path / f"{stem}.csr")


def _issued(matti, riitta, draft: Application, request: Path) -> Application:
    orders.upload(matti, draft, request.read_bytes())
    orders.submit(matti, draft)
    done = orders.finish(matti, riitta, draft)
    for file in files(done, certificate_of(done)).values():
        (request.parent / file.name).write_bytes(file.content)
    return done


def run(commands: str, folder: Path) -> str:
    """Run the commands as somebody types them; return what they print."""
    made = subprocess.run(
        ["sh", "-ec", commands], cwd=folder, capture_output=True, timeout=60, check=False
    )
    assert made.returncode == 0, made.stderr.decode()
    return made.stdout.decode()


def pieces(order: Application) -> dict[str, str]:
    """Return the text of each piece by its id."""
    certificate = certificate_of(order)
    assert certificate is not None
    told = [one for recipe in installing.recipes(order, certificate) for one in recipe.pieces]
    return {one.id: one.text for one in [*told, *installing.check(order, certificate)]}


def placed(text: str, folder: Path, port: int) -> str:
    """Return the settings with the folder and the port of the test."""
    for place in ("/etc/ssl/private/", "/etc/haproxy/certs/", "/etc/ssl/"):
        text = text.replace(place, f"{folder}/")
    return (
        text.replace("bind :443", f"bind :{port}")
        .replace("*:443", f"*:{port}")
        .replace("listen 443", f"listen {port}")
    )


@contextmanager
def served(command: list[str], port: int) -> Iterator[None]:
    """Run the server until it answers at the port, and stop it at the end."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            await_true(lambda: process.poll() is not None or _answers(port), "it does not serve")
            assert process.poll() is None, process.stdout and process.stdout.read().decode()
            yield
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def check(told: dict[str, str], folder: Path, port: int) -> None:
    """Follow the check of the instructions: the whole chain is sent, and it is trusted."""
    host = told["check"].partition(":443")[0].rpartition(" ")[2]
    said = run(told["check"].replace(f"{host}:443", f"127.0.0.1:{port}"), folder)
    assert "Verify return code: 0 (ok)" in said
    assert said.count("   i:") == 3, said


def asked_for_certificate(told: dict[str, str], order: Application, folder: Path, port: int):
    """Return the answers to a client without a certificate, and to one with it."""
    named = installing.names(order, certificate_of(order))
    url = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", f"https://127.0.0.1:{port}/"]
    own = ["--cert", named["chain"], "--key", named["key"]]
    answers = [
        subprocess.run(one, cwd=folder, capture_output=True, timeout=60, check=False)
        for one in (url, [*url, *own])
    ]
    return [one.returncode == 0 and one.stdout in {b"200", b"404", b"403"} for one in answers]


def test_a_server_that_connects_to_others_shows_them_the_certificate(order, tmp_path):
    told, port, other = pieces(order), free_port(), free_port()
    asking = placed(f"{told['nginx'][:-1]}{told['nginx-clients']}\n}}", tmp_path, other)
    outgoing = placed(told["nginx-outgoing"], tmp_path, port)
    proxied = f"location / {{ proxy_pass https://127.0.0.1:{other}; {outgoing} }}"
    recipe = f"{asking} server {{ listen {port}; {proxied} }}"
    made = tmp_path / "settings"
    made.write_text(NGINX.format(folder=tmp_path, port=port, recipe=recipe))
    with served(["nginx", "-p", str(tmp_path), "-e", "stderr", "-c", str(made)], port):
        assert "400" not in run(f"curl -s http://127.0.0.1:{port}/", tmp_path)
        direct = told["connect"].replace("service.example.fi", f"127.0.0.1:{other}")
        assert "400" not in run(direct.replace("curl -v", "curl -sk"), tmp_path)
    made.write_text(made.read_text().replace(outgoing, ""))
    with served(["nginx", "-p", str(tmp_path), "-e", "stderr", "-c", str(made)], port):
        assert "400" in run(f"curl -s http://127.0.0.1:{port}/", tmp_path)


@pytest.mark.parametrize("clients", [False, True], ids=["server", "mutual"])
@pytest.mark.parametrize("program", ["nginx", "apache", "haproxy"])
def test_the_server_sends_the_chain_and_asks_its_clients(order, tmp_path, program, clients):
    told, port = pieces(order), free_port()
    text = told[program]
    if program == "haproxy":
        run(told["haproxy-file"], tmp_path)
    if clients and program == "haproxy":
        text = text.rpartition("\n")[0] + "\n" + told["haproxy-clients"]
    elif clients:
        end = text.rpartition("\n")
        text = f"{end[0]}\n{told[f'{program}-clients']}\n{end[2]}"
    shell = {"nginx": NGINX, "apache": APACHE, "haproxy": HAPROXY}[program]
    made = tmp_path / "settings"
    made.write_text(shell.format(folder=tmp_path, port=port, recipe=placed(text, tmp_path, port)))
    command = {
        "nginx": ["nginx", "-p", str(tmp_path), "-e", "stderr", "-c", str(made)],
        "apache": ["apache2", "-X", "-f", str(made)],
        "haproxy": ["haproxy", "-db", "-f", str(made)],
    }[program]
    with served(command, port):
        if clients:
            without, own = asked_for_certificate(told, order, tmp_path, port)
            assert own
            assert not without or program == "nginx"  # which answers 400 to it
        else:
            check(told, tmp_path, port)


def test_the_key_fits_by_the_command(order, tmp_path):
    first, second = run(pieces(order)["fits"], tmp_path).splitlines()
    assert first == second
    assert certificate_of(order).spki_sha256 in first
    assert run(_fit(order, "OpenSSL"), tmp_path) == f"{first}\n"


def _fit(order: Application, tool: str) -> str:
    shown = installing.fits(order, certificate_of(order))
    return next(one.text for one in shown if one.label == tool)


def test_java_reads_a_store_made_of_files(order, tmp_path):
    told = pieces(order)
    run(f"{told['pkcs12']} -passout pass:salasana", tmp_path)
    _in_store(order, tmp_path)


def test_java_puts_the_chain_to_the_key_that_keytool_made(matti, riitta, cas, tmp_path):
    draft = orders.draft(matti)
    names = expected_names(draft, now=clock.now())
    commands = remedies.keytool_commands(names).strip().splitlines()
    run("\n".join(f"LC_ALL=C {line} {PASSWORD}" for line in commands), tmp_path)
    request = tmp_path / f"{remedies.file_stem(names)}.csr"
    done = _issued(matti, riitta, draft, request)
    line = _fit(done, "keytool").replace("-exportcert", f"-exportcert {PASSWORD}", 1)
    assert certificate_of(done).spki_sha256 in run(line, tmp_path)
    run(f"LC_ALL=C {pieces(done)['keytool']} {PASSWORD}", tmp_path)
    _in_store(done, tmp_path)


def _in_store(order: Application, folder: Path) -> None:
    stem = installing.names(order, certificate_of(order))["stem"]
    listed = run(f"LC_ALL=C keytool -list -v -keystore {stem}.p12 {PASSWORD}", folder)
    assert "Entry type: PrivateKeyEntry" in listed
    assert "Certificate chain length: 3" in listed

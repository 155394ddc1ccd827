"""Production settings in a process of their own: checked clean, and what browsers get then."""

import errno
import json
import os
import socket
import subprocess
import sys
from http.client import HTTPConnection

import pytest

from certportal.foundation.deployment_checks import mail_reaches_people, senders_are_real
from tests.journeys.steps import await_true
from tests.portal.production import environment_with, manage, run
from tests.stack import ROOT, free_port

ASK = """
import errno
import json
import os
import django
from django.conf import settings
settings.STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
django.setup()
from django.db import transaction
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.test import Client, RequestFactory
from wsgiref.util import setup_testing_defaults
from certportal.wsgi_front import application

def told(path, **more):
    answer = client.get(path, **more)
    cookies = {name: dict(one) for name, one in answer.cookies.items()}
    return {"status": answer.status_code, "headers": dict(answer.headers), "cookies": cookies}

def fetched(path):
    environ, seen = {"PATH_INFO": path, "HTTP_HOST": "pki.example.fi"}, {}
    setup_testing_defaults(environ)
    def start(status, headers, *_):
        seen.update(status=int(status[:3]), headers=dict(headers))
    b"".join(application(environ, start))
    return seen

def token():
    request = RequestFactory().get("/")
    get_token(request)
    answer = CsrfViewMiddleware(lambda request: HttpResponse())(request)
    return {name: dict(one) for name, one in answer.cookies.items()}

client = Client(SERVER_NAME="varmenteet.example.fi", raise_request_exception=False)
proxy = {"REMOTE_ADDR": "10.0.0.5", "HTTP_X_FORWARDED_PROTO": "https"}
with transaction.atomic():
    print(json.dumps({
        "page": told("/fi/", **proxy),
        "session": told("/identification/return?state=x", **proxy),
        "token": token(),
        "plain": told("/fi/"),
        "forged": told("/fi/", REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_PROTO="https"),
        "list": fetched("/crl/none.crl"),
        "test_provider": told("/testidp/authorize", **proxy),
        "mails": told("/dev/mail/", **proxy),
    }))
    transaction.set_rollback(True)
"""


def check(**changes):
    """Return the exit status of `check --deploy` and everything that it says."""
    done = manage("check", "--deploy", "--fail-level", "INFO", **changes)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def told(django_db_setup, tmp_path_factory):
    """What a browser behind the operator's proxy is told by a service with these settings."""
    done = run(ASK, PORTAL_DATA=str(tmp_path_factory.mktemp("data")))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_production_settings_pass_every_check(django_db_setup):
    status, words = check()
    assert (status, "no issues (0 silenced)" in words) == (0, True), words


def test_a_key_ceremony_needs_no_secret_of_logins_to_be_checked_clean(django_db_setup):
    none = dict.fromkeys(("SECRET_KEY", "IDENTITY_KEYS", "OIDC_CLIENT_SECRET", "OIDC_ISSUER"), "")
    status, words = check(
        PORTAL_PROCESS="ca", CA_PRODUCTION_KEYS_IN_FILES="1", TRUSTED_PROXIES="", **none
    )
    assert (status, "no issues (1 silenced)" in words) == (0, True), words


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        # Each of these is refused by itself; asked together, since each start takes seconds.
        (
            {
                "OIDC_LEVELS": "http://ftn.ficora.fi/2017/loatest2",
                "SECRET_KEY": "short",
                "TRUSTED_PROXIES": "",
                "STORE_URL": "http://s3.example.fi/varmenteet",
                "STORE_KEY": "id:secret",
                "PORTAL_BASE_URL": "https://varmenteet.example",
                "PKI_PUBLIC_URL": "http://pki.hospital.test",
                "MAIL_FROM": "",
                "MAIL_DOMAIN": "",
                "MAIL_RETURN_PATH": "palautukset@portal.example",
                "PKI_FILE": "",
                "APPROVALS_PRODUCTION": "1",
                "APPROVERS_PROVE": "off",
            },
            {
                *["accounts.E002", "security.W009", "foundation.E001"],
                *["foundation.E008", "an address that begins with https://"],
                *["foundation.E007", "Set PORTAL_BASE_URL to the address by which people reach"],
                "Set PKI_PUBLIC_URL to the address that stands in certificates",
                *["foundation.E006", "Set MAIL_FROM to the address", "Set MAIL_DOMAIN to the"],
                "Set MAIL_RETURN_PATH to the address",
                *["issuance.E021", "prefix is the demonstration's", "Set PKI_FILE to a TOML file"],
                *["issuance.E009", "Set APPROVALS_PRODUCTION to 2"],
                *["issuance.E024", "Set APPROVERS_PROVE to production"],
            },
        ),
        ({"PORTAL_PROCESS": "ca", "CA_KEYS_DIR": "/keys"}, {"issuance.E003"}),
        (
            {"PORTAL_ENV": "development", "PORTAL_BASE_URL": "http://varmenteet.example.fi"},
            {"foundation.E004", "Set PORTAL_ENV=production and PORTAL_BASE_URL"},
        ),
        ({"STORE_URL": "https://s3.example.fi/varmenteet"}, {"STORE_KEY_FILE"}),
        ({"PORTAL_ENV": "development"}, {"must have PORTAL_ENV=production"}),
        ({"PORTAL_ENV": "staging"}, {"PORTAL_ENV must be development, test or production"}),
        ({"PORTAL_BASE_URL": "http://varmenteet.example.fi"}, {"begins with https://"}),
        (
            {"PORTAL_PROCESS": "mail", "SMTP_URL": "smtp://mail:1025"},
            {"foundation.E005", "the mail catcher mail", "a mail server that delivers"},
        ),
        (
            {"PORTAL_PROCESS": "manage", "SMTP_URL": ""},
            {"foundation.E005", "written to files"},
        ),
        ({"PORTAL_PROCESS": "mail", "SMTP_URL": ""}, {"set SMTP_URL"}),
        ({"PKI_FILE": "/nowhere/pki.toml"}, {"names /nowhere/pki.toml, which cannot be read"}),
        ({"APPROVERS_PROVE": "no"}, {"APPROVERS_PROVE must be off, production or all"}),
    ],
)
def test_wrong_settings_are_refused(django_db_setup, changes, said):
    status, words = check(**changes)
    assert status != 0
    assert [one for one in said if one not in words] == [], words


@pytest.mark.parametrize("sender", ["a@[127.0.0.1]", "Varmenteet <a@[IPv6:::1]>", "a@127.0.0.1"])
def test_a_sender_at_an_ip_address_is_refused(settings, sender):
    """Answers would go to a machine of the reader's mail server's choice."""
    settings.PRODUCTION, settings.MAIL_DOMAIN = True, "hospital.fi"
    settings.DEFAULT_FROM_EMAIL, settings.MAIL_RETURN_PATH = sender, "bounces@hospital.fi"
    (refused,) = senders_are_real()
    assert refused.id == "foundation.E006"
    assert "MAIL_FROM has no domain name" in refused.msg
    settings.DEFAULT_FROM_EMAIL, settings.MAIL_RETURN_PATH = "certs@hospital.fi", sender
    (refused,) = senders_are_real()
    assert "MAIL_RETURN_PATH has no domain name" in refused.msg


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("mailpit.lan", 25, "the mail catcher mailpit.lan"),
        ("10.0.0.7", 1025, "where mail catchers listen"),
    ],
)
def test_mail_catchers_are_known_by_their_names_and_port(settings, host, port, said):
    settings.PRODUCTION, settings.PORTAL_PROCESS, settings.MAIL_IS_LOCAL = True, "manage", False
    settings.MAILERS = {"default": {"OPTIONS": {"host": host, "port": port}}}
    (refused,) = mail_reaches_people()
    assert refused.id == "foundation.E005"
    assert said in refused.msg


def test_what_the_database_would_say_is_not_passed_over(django_db_setup):
    status, words = check(DATABASE_URL="postgres://nobody@/none?host=/nonexistent")
    assert (status, "Everything except the database was checked" in words) == (1, True), words


def test_browsers_come_back_over_https_only(told):
    hsts = told["page"]["headers"]["Strict-Transport-Security"]
    assert hsts == "max-age=63072000; includeSubDomains; preload"
    assert told["plain"]["status"] == told["forged"]["status"] == 301
    assert told["plain"]["headers"]["Location"].startswith("https://")


@pytest.fixture
def served(transactional_db, tmp_path):
    """Gunicorn as it is deployed, on a port and on a socket file behind which the proxy sits.

    What it records at its start is removed with the test's data.
    """
    port, file = free_port(), tmp_path / "web.sock"
    command = ["-m", "gunicorn", "certportal.wsgi", "--bind", f"127.0.0.1:{port}"]
    environment = environment_with(TRUSTED_PROXIES="unix", PORTAL_DATA=str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, *command, "--bind", f"unix:{file}"], env=environment, cwd=ROOT
    )
    try:
        await_true(lambda: answer(port, None), "no web server", seconds=60)
        yield port, file
    finally:
        process.terminate()
        process.wait(20)


def answer(port, file):
    """Return the status of a page asked for over plain http as if a proxy had had it by https."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    if file is not None:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(file))
    headers = {"Host": "varmenteet.example.fi", "X-Forwarded-Proto": "https"}
    try:
        connection.request("GET", "/no/such/page", headers=headers)
        return connection.getresponse().status
    except ConnectionRefusedError:
        return 0
    finally:
        connection.close()


def test_only_a_trusted_proxy_is_believed_about_https(served):
    port, file = served
    assert answer(port, None) == 301
    assert answer(port, file) not in {0, 301}


WHILE_LOADING = """
import socket

refused = socket.socket().connect_ex(("127.0.0.1", {port}))


def application(environ, start_response):
    start_response("200 OK", [])
    return [str(refused).encode()]
"""


def test_gunicorn_listens_only_when_the_application_is_loaded(tmp_path):
    """A proxy would send requests to a server that is being started, and they would wait for it."""
    port = free_port()
    (tmp_path / "slow.py").write_text(WHILE_LOADING.format(port=port))
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "slow:application", "--bind", f"127.0.0.1:{port}"],
        env=os.environ | {"PYTHONPATH": str(tmp_path), "METRICS_PORT": ""},
        cwd=ROOT,
    )
    try:
        await_true(lambda: said(port) != b"", "no web server", seconds=60)
        assert said(port) == str(errno.ECONNREFUSED).encode()
    finally:
        process.terminate()
        process.wait(20)


def said(port):
    """Return the body of the start page; empty while nobody listens."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read()
    except ConnectionRefusedError:
        return b""
    finally:
        connection.close()


def test_cookies_are_bound_to_this_host_over_https(told):
    cookies = told["session"]["cookies"] | told["token"]
    assert set(cookies) == {"__Host-session", "__Host-csrf"}
    for one in cookies.values():
        assert (one["secure"], one["httponly"], one["samesite"]) == (True, True, "Lax")
        assert (one["path"], one["domain"]) == ("/", "")


def test_revocation_lists_are_read_over_plain_http(told):
    assert told["list"]["status"] == 404
    assert "Location" not in told["list"]["headers"]


def test_what_is_for_development_does_not_exist(told):
    assert told["test_provider"]["status"] == told["mails"]["status"] == 404

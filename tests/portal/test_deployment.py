"""Production settings in a process of their own: checked clean, and what browsers get then."""

import json
import os
import subprocess
import sys

import pytest

from tests.stack import ROOT, database_url

PRODUCTION = {
    "PORTAL_ENV": "production",
    "PORTAL_PROCESS": "web",
    "PORTAL_BASE_URL": "https://varmenteet.example.fi",
    "PKI_PUBLIC_URL": "http://pki.example.fi",
    "SECRET_KEY": "nobody-knows-this-long-key-9f8e7d6c5b4a39281706f5e4d3c2b1a0-but-this-test",
    "IDENTITY_KEYS": "1:" + "5a" * 32,
    "OIDC_ISSUER": "https://tunnistus.example.fi",
    "OIDC_CLIENT_SECRET": "only-between-two-machines",
    "TRUSTED_PROXIES": "10.0.0.5",
    "SMTP_URL": "smtp://mail.example.fi:25",
}
ASK = """
import json
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
from certportal.wsgi import application

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
        "list": fetched("/crl/none.crl"),
        "test_provider": told("/testidp/authorize", **proxy),
        "mails": told("/dev/mail/", **proxy),
    }))
    transaction.set_rollback(True)
"""


def run(*command, **changes):
    """Run Python in an environment that has nothing but the production settings."""
    environment = PRODUCTION | {"DATABASE_URL": database_url()} | changes
    environment |= {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "certportal.settings"}
    return subprocess.run(
        [sys.executable, *command], env=environment, cwd=ROOT, capture_output=True, text=True
    )


def check(**changes):
    """Return the exit status of `check --deploy` and everything that it says."""
    done = run("manage.py", "check", "--deploy", "--fail-level", "INFO", **changes)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def told(django_db_setup, tmp_path_factory):
    """What a browser behind the operator's proxy is told by a service with these settings."""
    done = run("-W", "ignore", "-c", ASK, PORTAL_DATA=str(tmp_path_factory.mktemp("data")))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_production_settings_pass_every_check(django_db_setup):
    status, words = check()
    assert (status, "no issues (0 silenced)" in words) == (0, True), words


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {
                "OIDC_LEVELS": "http://ftn.ficora.fi/2017/loatest2",
                "SECRET_KEY": "short",
                "TRUSTED_PROXIES": "",
            },
            {"accounts.E002", "security.W009", "foundation.E001"},
        ),
        ({"PORTAL_PROCESS": "ca", "CA_KEYS_DIR": "/keys"}, {"issuance.E003"}),
        ({"PORTAL_ENV": "development"}, {"must have PORTAL_ENV=production"}),
    ],
)
def test_wrong_settings_are_refused(django_db_setup, changes, said):
    status, words = check(**changes)
    assert status != 0
    assert [one for one in said if one not in words] == [], words


def test_what_the_database_would_say_is_not_passed_over(django_db_setup):
    status, words = check(DATABASE_URL="postgres://nobody@/none?host=/nonexistent")
    assert (status, "All but the database was checked" in words) == (1, True), words


def test_browsers_come_back_over_https_only(told):
    hsts = told["page"]["headers"]["Strict-Transport-Security"]
    assert hsts == "max-age=63072000; includeSubDomains; preload"
    assert told["plain"]["status"] == 301
    assert told["plain"]["headers"]["Location"].startswith("https://")


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

"""Which process may see what: the real settings are read by real processes."""

import os
import signal
import subprocess
import sys

import pytest

from tests.portal.forks import Forks
from tests.stack import ROOT

KEYS = {
    "CA_KEYS_DIR": "/nowhere",
    "CA_KEY_PASSWORD_FILE": "/nowhere/password",
    "CA_PKCS11_MODULE": "/nowhere/module.so",
    "CA_PKCS11_TOKEN": "token",
    "CA_PKCS11_PIN_FILE": "/nowhere/pin",
}


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Return how to let a new process read the settings as `process` would, and print what the
    code says."""
    forks = Forks(tmp_path_factory.mktemp("forks"))

    def start(process, code="settings.DEBUG", **extra):
        told = {"DJANGO_SETTINGS_MODULE": "certportal.settings", "PORTAL_PROCESS": process}
        asked = f"from django.conf import settings; print({code})"
        return forks.run(asked, {**os.environ, **told, **extra})

    yield start
    forks.stop()


@pytest.mark.parametrize("process", ["web", "front", "default", "mail", "beat", "metrics", "store"])
@pytest.mark.parametrize("name", KEYS)
def test_a_process_that_must_not_see_keys_refuses_to_start_with_them(process, name, start):
    result = start(process, **{name: KEYS[name]})
    assert result.returncode != 0
    assert f"The process {process} must not be told of signing keys" in result.stderr


@pytest.mark.parametrize("process", ["ca", "manage"])
def test_the_signing_worker_and_key_ceremonies_start_with_them(process, start):
    assert start(process, **KEYS).returncode == 0


def test_the_signer_is_chosen_by_the_settings(start):
    backend = "settings.ISSUANCE_SIGNER['BACKEND']"
    assert start("ca", backend).stdout.strip() == "issuance.signers.file.KeyFiles"
    chosen = start("ca", backend, **KEYS).stdout.strip()
    assert chosen == "issuance.signers.pkcs11.TokenKeys"


def test_names_and_policies_of_the_authority_are_told_in_a_file(tmp_path, start):
    told = tmp_path / "pki.toml"
    told.write_text('organisation = "Testivirasto"\n[policy_oids.test]\nec = "1.2.3"\n')
    code = "settings.PKI['ORGANISATION'], settings.PKI['POLICY_OIDS']['test']['ec']"
    assert start("web", code, PKI_FILE=str(told)).stdout.strip() == "Testivirasto 1.2.3"
    address = start(
        "web",
        "settings.PKI['PUBLIC_URL']",
        PKI_FILE=str(told),
        PKI_PUBLIC_URL="http://p.example.fi",
    )
    assert address.stdout.strip() == "http://p.example.fi"


@pytest.mark.parametrize("process", ["web", "front", "default", "mail", "beat", "ca", "store"])
def test_every_process_starts_without_them(process, start):
    assert start(process).returncode == 0


def test_the_database_address_may_come_from_a_file(tmp_path, start):
    secret = tmp_path / "database_url"
    secret.write_text("postgres://someone:secret@db.example/orders\n")
    found = start(
        "manage",
        "settings.DATABASES['default']['HOST']",
        DATABASE_URL="",
        DATABASE_URL_FILE=str(secret),
    )
    assert found.stdout.strip() == "db.example"


@pytest.mark.parametrize("told", ["", "development", "test"])
def test_a_service_at_an_https_address_runs_as_production_or_not_at_all(told, start):
    public = {"PORTAL_BASE_URL": "https://varmenteet.example", "SECRET_KEY": "x" * 50}
    result = start("web", PORTAL_ENV=told, **public)
    assert "must have PORTAL_ENV=production" in result.stderr
    assert start("web", PORTAL_ENV="production", **public).returncode == 0


@pytest.mark.parametrize("process", ["web", "front", "default", "mail", "ca", "beat", "manage"])
@pytest.mark.parametrize("told", ["prod", "Production", "production ", "live", "0"])
def test_an_environment_that_is_none_of_the_three_stops_every_process(process, told, start):
    result = start(process, PORTAL_ENV=told)
    assert result.returncode != 0
    words = f"PORTAL_ENV must be development, test or production, not {told!r}."
    assert result.stderr.splitlines()[-1].endswith(words)


@pytest.mark.parametrize("process", ["web", "front", "default", "mail", "ca", "beat", "manage"])
@pytest.mark.parametrize("address", ["", "http://varmenteet.example", "HTTP://localhost:8000"])
def test_production_over_plain_http_stops_every_process(process, address, start):
    result = start(process, PORTAL_ENV="production", PORTAL_BASE_URL=address, SECRET_KEY="x" * 50)
    assert result.returncode != 0
    assert "PORTAL_BASE_URL must be an address that begins with https://" in result.stderr


def test_an_https_address_is_one_however_it_is_written(start):
    result = start("web", PORTAL_ENV="development", PORTAL_BASE_URL="HTTPS://varmenteet.example/")
    assert "must have PORTAL_ENV=production" in result.stderr
    found = start(
        "web",
        "settings.SESSION_COOKIE_SECURE, settings.PORTAL_BASE_URL",
        PORTAL_ENV="production",
        PORTAL_BASE_URL="HTTPS://varmenteet.example/",
        SECRET_KEY="x" * 50,
    )
    assert found.stdout.strip() == "True https://varmenteet.example"


@pytest.mark.parametrize("address", ["varmenteet.example", "https:varmenteet", "ftp://x.example"])
def test_what_is_no_address_is_not_taken_for_one(address, start):
    result = start("web", PORTAL_BASE_URL=address)
    assert "PORTAL_BASE_URL must be an address such as https://" in result.stderr


def test_a_process_of_another_name_is_not_taken_for_one_that_may_sign(start):
    result = start("webb", **KEYS)
    known = "web, front, default, mail, ca, beat, metrics, store or manage"
    assert f"PORTAL_PROCESS must be {known}, not 'webb'." in result.stderr


ENTRIES = {
    "web": ["-m", "gunicorn", "certportal.wsgi", "--bind", "127.0.0.1:0"],
    "front": ["-m", "certportal.operations.serve_front", "127.0.0.1:0"],
    "default": ["-m", "certportal.operations.work"],
    "beat": ["-m", "certportal.operations.work", "/dev/null"],
    "manage": ["manage.py", "migrate", "--plan"],
    "starting": ["-m", "certportal.operations.prepare"],
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_whatever_is_started_ends_with_the_sentence(entry):
    process = {} if entry == "starting" else {"PORTAL_PROCESS": entry}
    done = subprocess.run(
        [sys.executable, *ENTRIES[entry]],
        env={**os.environ, "PORTAL_ENV": "prod", **process},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert "PORTAL_ENV must be development, test or production, not 'prod'." in done.stderr


@pytest.mark.parametrize(
    ("process", "sign"), [("beat", "beat: Starting"), ("mail", "Cannot connect to redis")]
)
def test_beat_and_workers_start_while_the_disk_of_their_log_is_full(process, sign, tmp_path):
    command = [sys.executable, *ENTRIES["default"], str(tmp_path / "schedule")]
    told = {"PORTAL_PROCESS": process, "REDIS_URL": "redis://127.0.0.1:1/0"}
    given = {"env": {**os.environ, **told}, "cwd": ROOT, "stderr": subprocess.PIPE, "text": True}
    given["start_new_session"] = True
    with (
        open("/dev/full", "w") as full,
        subprocess.Popen(command, stdout=full, **given) as started,
    ):
        assert any(sign in line for line in started.stderr)
        os.killpg(started.pid, signal.SIGKILL)  # with the processes of its pool


def test_a_command_says_nothing_else():
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        env={**os.environ, "PORTAL_ENV": "prod"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stderr == "PORTAL_ENV must be development, test or production, not 'prod'.\n"


@pytest.mark.parametrize("command", ["run", "manage", "backup", "restore", "bench", "test"])
@pytest.mark.parametrize(
    ("told", "address", "said"),
    [
        ("prod", "", "PORTAL_ENV must be development, test or production, not 'prod'"),
        ("production", "", "PORTAL_BASE_URL must begin with https://"),
        ("production", "http://varmenteet.example", "PORTAL_BASE_URL must begin with https://"),
        ("", "https://varmenteet.example", "must have PORTAL_ENV=production"),
    ],
)
def test_the_command_stops_before_it_sets_anything_up(tmp_path, command, told, address, said):
    data = tmp_path / "data"
    done = subprocess.run(
        ["./portal", command],
        env={
            "PATH": os.environ["PATH"],
            "PORTAL_DATA": str(data),
            "PORTAL_ENV": told,
            "PORTAL_BASE_URL": address,
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, list(data.iterdir())) == (1, [])
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


TOLD = {
    "PORTAL_ENV": "production",
    "PORTAL_BASE_URL": "https://varmenteet.example",
    "SECRET_KEY": "x" * 50,
    "IDENTITY_KEYS": "1:" + "5a" * 32,
    "OIDC_CLIENT_SECRET": "between-two-machines",
}


@pytest.mark.parametrize(
    ("process", "known"),
    [
        ("web", "['SECRET_KEY', 'IDENTITY_KEYS', 'OIDC_CLIENT_SECRET']"),
        ("manage", "['SECRET_KEY', 'IDENTITY_KEYS', 'OIDC_CLIENT_SECRET']"),
        ("default", "['SECRET_KEY']"),
        ("front", "[]"),
        ("ca", "[]"),
        ("beat", "[]"),
        ("metrics", "[]"),
    ],
)
@pytest.mark.parametrize("environment", ["production", "development"])
def test_a_process_reads_only_the_secrets_it_works_with(process, known, environment, start):
    names = ("SECRET_KEY", "IDENTITY_KEYS", "OIDC_CLIENT_SECRET")
    code = (
        f"[name for name in {names} if getattr(__import__('certportal.settings').settings, name)]"
    )
    address = "https://varmenteet.example" if environment == "production" else ""
    told = TOLD | {"PORTAL_ENV": environment, "PORTAL_BASE_URL": address}
    found = start(process, code, **told)
    assert found.stdout.strip() == known


def test_the_signer_and_the_clock_start_without_any(start):
    for process in ("ca", "beat"):
        told = {"PORTAL_ENV": "production", "PORTAL_BASE_URL": "https://varmenteet.example"}
        none = dict.fromkeys(("SECRET_KEY_FILE", "IDENTITY_KEYS_FILE"), "")
        code = "__import__('django').setup() or __import__('certportal.celery').celery_app.tasks"
        result = start(process, f"len({code})", **told, **none)
        assert result.returncode == 0, result.stderr


def test_production_has_no_secret_of_its_own(start):
    result = start(
        "web",
        "settings.SECRET_KEY",
        PORTAL_ENV="production",
        PORTAL_BASE_URL="https://varmenteet.example",
        SECRET_KEY="",
        SECRET_KEY_FILE="",
    )
    assert "SECRET_KEY setting must not be empty" in result.stderr


@pytest.mark.parametrize("told", ["1", "True", "yes"])
def test_nothing_switches_a_debug_mode_on(told, start):
    for environment in ("development", "production"):
        address = "https://varmenteet.example" if environment == "production" else ""
        given = {"PORTAL_ENV": environment, "PORTAL_BASE_URL": address, "SECRET_KEY": "x" * 50}
        found = start("web", "settings.DEBUG", DEBUG=told, DJANGO_DEBUG=told, **given)
        assert found.stdout.strip() == "False", found.stderr


def test_tls_to_the_other_servers_is_a_matter_of_their_addresses(start):
    told = {
        "DATABASE_URL": "postgres://u:p@db.example/orders?sslmode=verify-full&sslrootcert=/ca.pem",
        "REDIS_URL": "rediss://:p@redis.example:6380/0",
        "SMTP_URL": "smtp://mail.example:587?tls=1",
    }
    code = (
        "settings.DATABASES['default']['OPTIONS'], settings.REDIS_URL,"
        " settings.MAILERS['default']['OPTIONS']['use_tls'], settings.CELERY_BROKER_URL"
    )
    found = start("mail", code, **told).stdout
    assert "'sslmode': 'verify-full'" in found
    assert found.count("rediss://") == 2
    assert " True " in found


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("DATABASE_URL", "postgres"), ("REDIS_URL", "redis"), ("SMTP_URL", "smtp")],
)
def test_a_password_that_is_not_encoded_stops_the_process_and_is_not_shown(name, scheme, start):
    result = start("mail", **{name: f"{scheme}://portal:s3cr/et@db.example/0"})
    assert result.returncode != 0
    assert f"{name} must be an address such as" in result.stderr.splitlines()[-1]
    assert "s3cr" not in result.stdout + result.stderr


@pytest.mark.parametrize("process", ["web", "front", "default", "ca", "beat"])
def test_only_the_worker_that_sends_mail_reads_the_password_of_the_mail_server(process, start):
    told = {"SMTP_URL": "smtp://sote:salainen@mail.example:587"}
    code = "settings.SMTP_URL, settings.MAILERS, settings.MAIL_IS_LOCAL"
    found = start(process, code, **told)
    assert "salainen" not in found.stdout
    assert found.stdout.strip().endswith("False"), found.stderr
    assert "salainen" in start("mail", code, **told).stdout


STORE = {"STORE_URL": "https://s3.example.fi/varmenteet", "STORE_KEY": "id:only-for-the-store"}
WHERE_FILES_GO = "[one['BACKEND'].rpartition('.')[2] for one in settings.STORAGES.values()]"
TOLD_OF_STORE = "'only-for-the-store' in str(settings.STORAGES)"


@pytest.mark.parametrize("process", ["web", "default", "mail", "store", "manage"])
def test_files_go_to_the_shared_store_where_one_is_set(process, start):
    assert "SharedStore" in start(process, WHERE_FILES_GO, **STORE).stdout
    assert "SharedStore" not in start(process, WHERE_FILES_GO).stdout


@pytest.mark.parametrize("process", ["front", "ca", "beat", "metrics"])
def test_the_others_do_not_read_the_key_of_the_store(process, start):
    assert start(process, TOLD_OF_STORE, **STORE).stdout.strip() == "False"


@pytest.mark.parametrize("missing", STORE)
def test_half_the_setting_of_the_store_stops_the_process(missing, start):
    result = start("web", **(STORE | {missing: ""}))
    assert result.returncode != 0
    assert "STORE_KEY" in result.stderr
    assert "only-for-the-store" not in result.stderr


def test_pages_wait_less_for_the_store_than_workers(start):
    seconds = "settings.STORAGES['default']['OPTIONS']['whole_seconds']"
    waits = {one: float(start(one, seconds, **STORE).stdout) for one in ("web", "default")}
    assert waits == {"web": 5, "default": 30}


@pytest.mark.parametrize("command", ["grant_reviewer", "merge_persons", "check_csr", "unheard-of"])
def test_an_argument_that_is_no_text_is_refused_in_words(command):
    done = subprocess.run(
        [sys.executable.encode(), b"manage.py", command.encode(), b"riitta\xff@example.fi"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "An argument is not text in UTF-8: b'riitta\\xff@example.fi'. Nothing has been done."
    ]


def test_a_database_that_does_not_answer_is_told_in_the_operators_language():
    done = subprocess.run(
        [sys.executable, "manage.py", "grant_reviewer", "riitta@example.fi"],
        env={
            **os.environ,
            "DATABASE_URL": "postgres://nobody@/none?host=/nonexistent",
            "OPERATOR_LANGUAGE": "sv",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert said.startswith("Databasen svarar inte (")
    assert "/nonexistent" in said

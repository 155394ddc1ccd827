"""The addresses of servers in the environment: read as libpq reads them, and never shown."""

import traceback
from urllib.parse import quote

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from psycopg2.extensions import parse_dsn

from certportal import env

DATABASES = [
    "postgres://portal:s%2F%23%40cr%3Fet@db.example:5433/portal",
    "postgres://portal@h1.example:5432,h2.example:5433/portal?target_session_attrs=read-write",
    "postgresql://portal@h1.example,h2.example:5433/portal",
    "postgres://portal@%2Frun%2FPostgreSQL:5433/portal",
    "postgres://portal@[::1]:5432,[fd00::2]/portal",
    "postgres:///portal?host=/run/a+b&port=5433",
    "postgres:///portal?options=-c%20search_path%3Da+b,%2B",
    "postgres://db.example/nimi%20+?application_name=a+b",
]


@pytest.mark.parametrize("address", DATABASES)
def test_the_database_s_address_means_what_it_means_to_libpq(address):
    """In its URIs `+` is no space, and there may be several hosts (PostgreSQL's manual, 34.1.1)."""
    own, libpq = env.database(address, "manage"), parse_dsn(address)
    place = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    for name, of_libpq in (place | {"NAME": "dbname"}).items():
        assert own[name] == libpq.pop(of_libpq, ""), name
    assert own["OPTIONS"]["options"].endswith(libpq.pop("options", "jit=off"))
    assert libpq.items() <= own["OPTIONS"].items()


@pytest.mark.django_db
def test_of_several_servers_the_one_that_is_there_answers():
    """The first one's directory has no socket; both are percent-encoded in place of a host."""
    known = connection.settings_dict
    user = f"{quote(known['USER'], safe='')}:{quote(known['PASSWORD'], safe='')}"
    there = f"{quote(known['HOST'], safe='')}:{known['PORT'] or 5432}"
    address = f"postgres://{user}@%2Fnowhere:1,{there}/{known['NAME']}"
    other = connection.copy()
    other.settings_dict |= env.database(address, "manage")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            assert cursor.fetchone() == (known["NAME"],)
    finally:
        other.close()


WRONG = [
    *("s3cr/et", "s3cr#et", "s3cr?et", "12/s3cret", "1?s3cret", "s3c@1/ret", "s3cret[", "s3cret℀"),
]
READERS = {
    "DATABASE_URL": ("postgres", lambda url: env.database(url, "manage")),
    "SMTP_URL": ("smtp", lambda url: env.mailer(url, None)),
    "REDIS_URL": ("redis", env.redis),
}


@pytest.mark.parametrize("name", READERS)
def test_a_password_that_is_not_encoded_is_refused_and_not_shown(name):
    scheme, read = READERS[name]
    addresses = [f"{scheme}://portal:{password}@db.example/0" for password in WRONG]
    addresses += [
        "portal:s3cret@db.example",
        "db.example:s3cret",
        f"{scheme}://db.example:s3cret/0",
    ]
    for address in addresses:
        with pytest.raises(ImproperlyConfigured) as refused:
            read(address)
        assert f"{name} must be an address such as {scheme}" in str(refused.value)
        assert "Percent-encode" in str(refused.value)
        assert "s3c" not in "".join(traceback.format_exception(refused.value)), address


@pytest.mark.parametrize("name", READERS)
def test_another_scheme_is_refused(name):
    with pytest.raises(ImproperlyConfigured, match=name):
        READERS[name][1]("https://db.example/0")


def test_several_mail_servers_or_ports_that_are_none_are_refused():
    for place in ("a.example,b.example", "a.example:1,b.example:2", "a.example:65536", "a:b:25"):
        with pytest.raises(ImproperlyConfigured, match="SMTP_URL"):
            env.mailer(f"smtp://{place}", None)


def test_an_address_of_the_scanner_without_a_port_that_is_one_stops_the_process(monkeypatch):
    monkeypatch.setenv("CLAMD_ADDRESS", "tcp://clamd.example:33l0")
    with pytest.raises(ImproperlyConfigured, match="CLAMD_ADDRESS"):
        env.scanner("CLAMD_ADDRESS")
    for address in ("tcp://clamd.example:3310", "unix:/run/clamd.sock"):
        monkeypatch.setenv("CLAMD_ADDRESS", address)
        assert env.scanner("CLAMD_ADDRESS")["OPTIONS"] == {"address": address}

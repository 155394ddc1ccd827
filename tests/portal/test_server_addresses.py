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
        refused = refusal(read, address)
        assert f"{name} must be an address such as {scheme}" in refused
        assert "Percent-encode" in refused
        assert "s3c" not in refused, address


@pytest.mark.parametrize("name", READERS)
def test_an_address_without_its_two_slashes_is_refused_and_not_shown(name):
    """The password would be part of a database's or socket's name, which errors quote."""
    scheme, read = READERS[name]
    schemes = {scheme} | ({"unix"} if scheme == "redis" else set())
    for start in [f"{one}:{slashes}" for one in schemes for slashes in ("", "/", "///", "////")]:
        for rest in ("portal:s3cr3t@db/0", ":s3cr3t@db:6379/0", "s3cr3t@db", ":s3cr3t@/run/socket"):
            for query in ("", "?host=/run/pg&user=portal", "?tls=1"):
                refused = refusal(read, start + rest + query)
                assert f"{name} must be an address such as {scheme}://" in refused, start + rest
                assert "s3c" not in refused


def test_a_user_without_a_password_is_refused_where_it_is_a_password_without_its_colon():
    """Celery writes the user into the log. PostgreSQL knows users without a password."""
    of_redis = ["redis://s3cr3t@host:6379/0", "rediss://s3cr3t:@host", "unix://s3cr3t@/x.sock"]
    for name, addresses in {"REDIS_URL": of_redis, "SMTP_URL": ["smtp://s3cr3t@host"]}.items():
        for address in addresses:
            refused = refusal(READERS[name][1], address)
            assert f"{name} has a user but no password" in refused
            assert "s3c" not in refused
    assert env.database("postgres://portal@db.example/portal", "manage")["USER"] == "portal"


@pytest.mark.parametrize("url", ["redis:///0", "smtp:///", "unix://host/x.sock", "unix:x.sock"])
def test_an_address_names_a_server_or_a_socket(url):
    read = READERS["SMTP_URL" if url.startswith("smtp") else "REDIS_URL"][1]
    assert "must be an address such as" in refusal(read, url)


def refusal(read, address):
    """Return the refusal as a log would have it."""
    with pytest.raises(ImproperlyConfigured) as refused:
        read(address)
    return "".join(traceback.format_exception(refused.value))


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

"""Monitoring is told at once of a database that hangs."""

from django.db import OperationalError, connection

from certportal.foundation.database import database_limit
from certportal.operations import health


def test_probes_wait_for_it_once_whatever_cookies_come(web, monkeypatch):
    """The session's person, for an error page, and each check would wait for it once more."""
    waited = []

    def hanging():
        waited.append(database_limit._within.get())
        raise OperationalError("the database does not answer in time")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(connection, "cursor", hanging)
        assert web.get("/livez").content == b"ok\n"
        answer = web.get("/healthz")
    assert answer.status_code == 503
    assert "database" in answer.json()["not_well"]
    assert not {*health.CHECKS} & {*answer.json()["not_well"]}
    assert waited == [health.DATABASE_WITHIN]

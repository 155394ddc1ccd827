"""Web's answers, counted by view."""

import pytest
from django.test import Client
from prometheus_client import REGISTRY

from certportal.dev.builders import orders, people
from tests.isolation.table import walk

COUNTED = "certportal.operations.metrics.answers.Counted"


@pytest.fixture(autouse=True)
def _counted(db, settings):
    settings.MIDDLEWARE = [COUNTED, *settings.MIDDLEWARE]


def number(view, method="GET", status="2xx"):
    labels = {"view": view, "method": method, "status": status}
    return REGISTRY.get_sample_value("certportal_answers_total", labels) or 0


def values():
    """Return the values of all labels that this process has counted under, by label."""
    found = {}
    for family in REGISTRY.collect():
        for sample in family.samples if family.name.startswith("certportal_") else ():
            for label, value in sample.labels.items():
                found.setdefault(label, set()).add(value)
    return found


def test_an_answer_is_counted_and_timed_by_its_view():
    timed = {"view": "livez"}
    before = number("livez")
    earlier = REGISTRY.get_sample_value("certportal_answer_seconds_count", timed) or 0
    assert Client().get("/livez").status_code == 200
    assert number("livez") == before + 1
    assert REGISTRY.get_sample_value("certportal_answer_seconds_count", timed) == earlier + 1


def test_an_answer_that_fails_is_counted_as_what_the_visitor_gets(monkeypatch):
    def fails():
        raise RuntimeError

    before = number("healthz", status="5xx")
    monkeypatch.setattr("certportal.operations.health.found", fails)
    assert Client(raise_request_exception=False).get("/healthz").status_code == 500
    assert number("healthz", status="5xx") == before + 1


def test_only_names_that_the_code_has_are_counted_under(matti):
    application = orders.submitted(matti)
    client = people.log_in(Client(), matti)
    for path in (
        f"/fi/orders/{application.pk}/",
        "/fi/no/such/page/Matti/",
        "/static/no/such/file.css",
        "/fi/register/?q=apteekki",
    ):
        client.get(path)
    client.generic("BREW", "/livez")
    found = values()
    names = {entry.name for entry in walk()}
    assert "none" in found["view"]
    assert found["view"] - {"none"} <= names
    assert found["method"] <= {"GET", "HEAD", "POST", "other"}
    assert found["status"] <= {"1xx", "2xx", "3xx", "4xx", "5xx"}
    assert set(found) == {"view", "method", "status", "le"}


def test_the_service_has_no_page_of_its_metrics():
    assert Client().get("/metrics").status_code == 404
    assert [entry.route for entry in walk() if "metric" in entry.route] == []

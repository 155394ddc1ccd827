"""The open figures: for anybody, counted once an hour, silent about the few."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from applications.models.certificate_types import CertificateType
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.public import numbers
from issuance import services as authority
from issuance.models import Certificate

SERVER = CertificateType.SERVER


@pytest.fixture(autouse=True)
def _fresh():
    numbers.keeper.forget()
    yield
    numbers.keeper.forget()


@pytest.fixture
def of_two(matti, riitta, cas, monkeypatch):
    """One certificate in force, and figures told from one on."""
    monkeypatch.setattr(numbers, "FEWEST", 1)
    return orders.delivered(matti, riitta)


@pytest.mark.django_db
def test_anybody_reads_the_figures_in_their_language(client):
    for language, title in (("fi", "Palvelu lukuina"), ("sv", "Tjänsten i siffror")):
        with translation.override(language):
            page = client.get(f"/{language}/numbers/")
        assert title in page.text
    led = client.get("/numbers/", headers={"Accept-Language": "sv"})
    assert led.url == "/sv/numbers/"


def test_times_promises_and_certificates_of_this_month(client, of_two):
    month = client.get("/en/numbers/").context["months"][-1]
    assert (month.decided, month.kept_percent) == (1, 100)
    assert month.p95 >= month.median >= 0
    assert month.in_force[SERVER] == 1


def test_fewer_than_five_are_not_told(client, matti, riitta, cas):
    orders.delivered(matti, riitta)
    month = client.get("/numbers.json").json()["months"][-1]
    assert month["decided"] is None
    assert month["median_days"] is None
    assert month["promise_kept_percent"] is None
    assert month["in_force"][SERVER] is None
    assert month["in_force"]["email"] == 0


def test_a_revoked_certificate_was_in_force_until_then(of_two):
    now, hour = clock.now(), timedelta(hours=1)
    certificate = Certificate.objects.get()
    authority.revoke(certificate.pk, "superseded", actor=system("test"), now=now + hour)
    counted = [numbers.count(now=at)[-1].in_force[SERVER] for at in (now, now + 2 * hour)]
    assert counted == [1, 0]


def test_programs_get_the_same(client, of_two):
    answer = client.get("/numbers.json")
    assert answer["Content-Type"] == "application/json"
    assert "public" in answer["Cache-Control"]
    told = answer.json()
    assert len(told["months"]) == 12
    this = told["months"][-1]
    assert this["month"] == f"{clock.day(clock.now()):%Y-%m}"
    assert (this["decided"], this["in_force"][SERVER]) == (1, 1)


def test_asking_again_counts_nothing(client, of_two):
    client.get("/numbers.json")
    with CaptureQueriesContext(connection) as asked:
        client.get("/numbers.json")
        client.get("/en/numbers/")
    assert not [one for one in asked.captured_queries if "issuance_certificate" in one["sql"]]
    later = clock.now() + numbers.KEPT_FOR
    assert numbers.keeper.figures(now=later).at == later


def test_the_page_names_nobody(client, of_two, matti, riitta):
    for page in ("/en/numbers/", "/numbers.json"):
        text = client.get(page).text
        for name in (of_two.number, of_two.organisation.name, str(matti), str(riitta)):
            assert name not in text

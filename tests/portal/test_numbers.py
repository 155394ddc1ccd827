"""The open figures: for anybody, counted once an hour, silent about the few."""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from applications.models import Application
from applications.models.certificate_types import CertificateType
from applications.rules import figures
from applications.rules.return_figures import Fault
from applications.rules.waiver_figures import waivers_by_month
from applications.rules.waivers import OID_OUTSIDE
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.public import numbers
from issuance import services as authority
from issuance.models import Certificate
from tests.applications.waivers import in_hand, waive

SERVER = CertificateType.SERVER
LACKING = "expected.missing_host"


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


@pytest.fixture
def counting(monkeypatch):
    """Count nothing; return how often that was done."""
    done = []

    def count(*, now):
        done.append(len(done) + 1)
        return nothing(now)

    monkeypatch.setattr(numbers, "count", count)
    return done


def nothing(now):
    return numbers.Counted(now, months=[], languages={}, examples={})


def failing(asked):
    asked.append(1)
    raise OperationalError


def month(**more):
    """Return a month of many decisions of many organisations, but for what is given."""
    counted = dict.fromkeys(("approved", "rejected", "kept", "promised", "timed"), 20)
    parties = dict.fromkeys(("parties", "timed_parties", "promised_parties"), 20)
    given = counted | parties | {"median": 1.0, "p95": 2.0, "asked": 0, "lapsed": 0} | more
    return figures.Month(first=clock.day(clock.now()), **given)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("few", "untold"),
    [
        ({}, set()),
        ({"approved": 2, "rejected": 2}, {"decided", "returned_percent"}),
        ({"parties": 4}, {"decided", "returned_percent"}),
        ({"timed": 4}, {"median", "p95"}),
        ({"timed_parties": 4}, {"median", "p95"}),
        ({"promised": 4}, {"kept_percent"}),
        ({"promised_parties": 4}, {"kept_percent"}),
    ],
)
def test_each_figure_rests_on_its_own_orders_and_organisations(few, untold):
    told = numbers._public(month(**few), 10, {}, waivers_by_month(now=clock.now())[-1])
    named = ("decided", "returned_percent", "median", "p95", "kept_percent")
    assert told.returned_percent in {25, None}
    assert {name for name in named if getattr(told, name) is None} == untold


@pytest.mark.django_db
def test_anybody_reads_the_figures_in_their_language(client):
    for language, title in (("fi", "Palvelu lukuina"), ("sv", "Tjänsten i siffror")):
        with translation.override(language):
            page = client.get(f"/{language}/numbers/")
        assert title in page.text
    led = client.get("/numbers/", headers={"Accept-Language": "sv"})
    assert led.url == "/sv/numbers/"


@pytest.mark.django_db
def test_a_chart_without_figures_says_so_in_each_language(client):
    for language, words in (
        ("fi", "Kaaviossa ei ole vielä pylväitä."),
        ("sv", "Diagrammet har inga staplar ännu."),
        ("en", "The chart has no bars yet."),
    ):
        page = client.get(f"/{language}/numbers/").text
        assert page.count(words) == 2
        assert 'class="bars"' not in page


def test_times_promises_and_certificates_of_this_month(client, of_two):
    month = client.get("/en/numbers/").context["months"][-1]
    assert (month.decided, month.kept_percent) == (1, 100)
    assert month.p95 >= month.median >= 0
    assert month.in_force[SERVER] == 1


def test_the_share_of_orders_that_were_returned_before_their_decision(
    client, matti, riitta, cas, monkeypatch
):
    monkeypatch.setattr(numbers, "FEWEST", 1)
    orders.delivered(matti, riitta)
    asked = orders.claimed(matti, riitta)
    orders.ask(riitta, asked, clock.day(clock.now()) + timedelta(days=10))
    orders.resubmit(matti, asked)
    orders.drain()
    asked.refresh_from_db()
    orders.approve(riitta, asked)
    undecided = orders.claimed(matti, riitta)
    orders.ask(riitta, undecided, clock.day(clock.now()) + timedelta(days=10))
    assert client.get("/numbers.json").json()["months"][-1]["returned_percent"] == 50
    assert client.get("/en/numbers/").context["months"][-1].returned_percent == 50


def test_fewer_than_five_are_not_told(client, matti, riitta, cas):
    orders.delivered(matti, riitta)
    month = client.get("/numbers.json").json()["months"][-1]
    assert month["decided"] is None
    assert month["returned_percent"] is None
    assert month["median_days"] is None
    assert month["promise_kept_percent"] is None
    assert month["in_force"][SERVER] is None
    assert month["in_force"]["email"] == 0


@pytest.fixture
def in_two_languages(matti, riitta, cas):
    """A delivered order in Finnish, and one in review in Swedish, with the same finding."""
    orders.delivered(matti, riitta)
    swedish = orders.in_review(matti)
    Application.objects.filter(pk=swedish.pk).update(language="sv")


def test_times_and_findings_by_the_language_of_the_case(client, in_two_languages, monkeypatch):
    monkeypatch.setattr(numbers, "FEWEST", 1)
    told = client.get("/numbers.json").json()["languages"]
    shares = {code: one.pop("findings_percent") for code, one in told.items()}
    assert shares == {"fi": {LACKING: 100}, "sv": {LACKING: 100}, "en": {LACKING: None}}
    assert (told["fi"]["returned_percent"], told["fi"]["promise_kept_percent"]) == (0, 100)
    assert told["fi"]["p95_days"] >= told["fi"]["median_days"] >= 0
    assert [set(told[code].values()) for code in ("sv", "en")] == [{None}, {None}]
    assert LACKING in client.get("/en/numbers/").text


def test_findings_of_few_are_not_told_in_any_language(client, in_two_languages):
    told = client.get("/numbers.json").json()["languages"]
    assert [one.pop("findings_percent") for one in told.values()] == [{}, {}, {}]
    assert {value for one in told.values() for value in one.values()} == {None}
    assert LACKING not in client.get("/en/numbers/").text


def test_a_finding_is_told_only_in_the_language_in_which_it_is_frequent(monkeypatch):
    few, many = ({"orders": number, "parties": number} for number in (4, 20))
    example = {"rule": LACKING, "severity": "warning", "params": {}}
    faults = [("fi", many, example), ("sv", few, example), ("en", many, example | {"rule": "own"})]
    monkeypatch.setattr(
        numbers.return_figures,
        "faults_by_language",
        lambda *, now: [
            (code, Fault(found["rule"], **number, example=found)) for code, number, found in faults
        ],
    )
    checked = {"fi": (80, 20), "sv": (10, 4), "en": (20, 20)}  # orders and organisations
    monkeypatch.setattr(numbers.return_figures, "checked_by_language", lambda *, now: checked)
    examples, shares = numbers._findings(clock.now())
    assert list(examples) == ["own", LACKING]
    assert shares == {
        "fi": {LACKING: 25, "own": 0},
        "sv": {LACKING: None, "own": None},
        "en": {LACKING: 0, "own": 100},
    }


def test_many_of_one_organisation_are_not_told(monkeypatch, matti, riitta, cas):
    for _each in "ab":
        orders.delivered(matti, riitta)
    monkeypatch.setattr(numbers, "FEWEST", 2)
    told = numbers.count(now=clock.now()).months[-1]
    assert (told.decided, told.median, told.p95, told.kept_percent) == (None, None, None, None)
    assert told.in_force[SERVER] is None
    monkeypatch.setattr(numbers, "FEWEST", 1)
    told = numbers.count(now=clock.now()).months[-1]
    assert (told.decided, told.kept_percent, told.in_force[SERVER]) == (2, 100, 2)


def test_a_revoked_certificate_was_in_force_until_then(of_two):
    now, hour = clock.now(), timedelta(hours=1)
    certificate = Certificate.objects.get()
    authority.revoke(certificate.pk, "superseded", actor=system("test"), now=now + hour)
    counted = [numbers.count(now=at).months[-1].in_force[SERVER] for at in (now, now + 2 * hour)]
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


def test_waivers_are_told_by_rule_unless_they_are_few(client, matti, riitta, cas, monkeypatch):
    waive(riitta, in_hand(matti, riitta))
    told = client.get("/numbers.json").json()["months"][-1]["waivers"]
    assert told[OID_OUTSIDE] == {"given": None, "in_force": None, "expired": 0}
    monkeypatch.setattr(numbers, "FEWEST", 1)
    numbers.keeper.forget()
    told = client.get("/numbers.json").json()["months"][-1]["waivers"]
    assert told[OID_OUTSIDE] == {"given": 1, "in_force": 1, "expired": 0}


def test_asking_again_counts_nothing(client, of_two):
    client.get("/numbers.json")
    with CaptureQueriesContext(connection) as asked:
        client.get("/numbers.json")
        client.get("/en/numbers/")
    assert not [one for one in asked.captured_queries if "issuance_certificate" in one["sql"]]


def test_an_hour_later_they_are_counted_anew(monkeypatch, counting):
    numbers.keeper.figures()
    later = clock.now() + numbers.KEPT_FOR
    monkeypatch.setattr(clock, "now", lambda: later)
    assert numbers.keeper.figures().at == later
    assert counting == [1, 2]


def test_while_somebody_counts_the_others_read_the_old_figures(monkeypatch, counting):
    old = numbers.keeper.figures()
    later, seen = clock.now() + numbers.KEPT_FOR, []
    monkeypatch.setattr(clock, "now", lambda: later)

    def count(*, now):
        reader = threading.Thread(target=lambda: seen.append(numbers.keeper.figures()))
        reader.start()
        reader.join(timeout=60)
        return nothing(now)

    monkeypatch.setattr(numbers, "count", count)
    assert numbers.keeper.figures().at == later
    assert seen == [old]


def test_a_database_that_cannot_count_is_asked_again_after_a_minute(client, monkeypatch):
    asked, at = [], [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: at[0])
    monkeypatch.setattr(numbers, "count", lambda *, now: failing(asked))
    for _each in "ab":
        answer = client.get("/numbers.json")
        assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert len(asked) == 1
    monkeypatch.setattr(numbers, "count", lambda *, now: nothing(now))
    at[0] += numbers.PAUSE
    old = numbers.keeper.figures()
    monkeypatch.setattr(numbers, "count", lambda *, now: failing(asked))
    at[0] += numbers.KEPT_FOR
    assert [numbers.keeper.figures() for _each in "ab"] == [old, old]
    assert len(asked) == 2


def test_the_page_names_nobody(client, of_two, matti, riitta):
    for page in ("/en/numbers/", "/numbers.json"):
        text = client.get(page).text
        for name in (of_two.number, of_two.organisation.name, str(matti), str(riitta)):
            assert name not in text

"""The recorded events are searched, shown and taken along, and that is recorded too."""

import csv
import io
import zipfile
from datetime import timedelta

import pytest
from django.utils import translation

from applications.documents.certificate_files import certificate_of
from applications.rules.event_search import EventQuery
from applications.views.console.events import events as page
from applications.views.console.events.events import data_words
from applications.views.console.events.named import named
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.foundation import clock, event_search
from certportal.foundation.event_log.receipts import Receipt
from certportal.foundation.models import Event
from tests.applications.console.conftest import Desk
from tests.logged import answer_at_once, make_log
from tests.many_events import indexes_of, insert_many

ACTIONS = ("application.start", "application.submit", "application.approve", "issuance.issued")


@pytest.fixture
def order(cas, matti, riitta):
    """Matti's order, its certificate delivered."""
    return orders.delivered(matti, riitta)


@pytest.fixture
def log(cas, settings, tmp_path):
    """The public key of a log that the signing worker keeps."""
    return make_log(settings, tmp_path)


@pytest.fixture
def auditor(db, now):
    """An auditor's desk."""
    return Desk(people.make_auditor("Anneli Auditoija", now=now))


def found(desk, **query) -> list[Event]:
    """Return the events on the page."""
    answer = desk.open("events", **query)
    assert answer.status_code == 200
    assert not answer.context["form"].errors
    return [row["event"] for row in answer.context["rows"]]


def actions(desk, **query) -> set[str]:
    return {event.action for event in found(desk, **query)}


def test_everything_is_there_the_newest_first(order, auditor):
    numbers = [event.pk for event in found(auditor)]
    assert numbers == sorted(numbers, reverse=True)
    assert Event.objects.filter(pk__gt=numbers[0]).count() == 1  # that it was looked at


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fi", ("Varmentaja sote-ec-1", "Aiempi tila:", "Tilauksen osa:")),
        ("sv", ("Certifikatutfärdare sote-ec-1", "Tidigare status:", "Del av beställningen:")),
        ("en", ("Certificate authority sote-ec-1", "Status before:", "Part of the order:")),
    ],
)
def test_anneli_reads_words_and_no_names_of_the_program(order, auditor, language, words):
    with translation.override(language):
        text = " ".join(auditor.open("events").text.split())
        assert all(one in text for one in words)
        assert str(Status.IN_REVIEW.label) in text
    assert "issuing_ca" not in text
    assert "prepared_certificate" not in text
    assert "{&quot;" not in text


def test_facts_within_facts_are_listed_one_by_one(order):
    submitted = Event.objects.get(action="application.submit")
    assert dict(words_of(submitted))["Status after"] == "Being checked"
    nested = {"before": 17, "refused": True}
    given = Event(object_type="events", data={"query": nested, "csr": "", "serials": ["0a", "0b"]})
    assert words_of(given) == [
        ("What was searched for", ""),
        ("Older than event number", "17"),
        ("Only what was refused", "Yes"),
        ("Certificate request (CSR)", "–"),
        ("Serial numbers", "0a, 0b"),
    ]


def words_of(event):
    facts = list(data_words(event.object_type, event.data, named([event])))
    return [(label, ", ".join(part.text for part in parts)) for label, parts in facts]


def test_by_order_and_serial_all_of_the_certificate_s_life_is_found(order, auditor):
    certificate = certificate_of(order)
    for query in (
        {"order": order.number},
        {"serial": certificate.serial},
        {"serial": str(int(certificate.serial, 16))},
    ):
        assert set(ACTIONS) <= actions(auditor, **query), query
        assert "person.identified" not in actions(auditor, **query)


def test_by_person(order, auditor, riitta):
    for words in ("Riitta Ratkaisija", "ratkaisija", riitta.email, str(riitta.pk)):
        events = found(auditor, person=words)
        assert "application.approve" in {event.action for event in events}
        about = {(event.actor, event.object_id) for event in events}
        assert {f"person:{riitta.pk}" in pair or str(riitta.pk) in pair for pair in about} == {True}


def test_by_organisation(order, auditor, pharmacy, kalle):
    for words in ("9900001-8", "helsingin vi"):
        assert {event.organisation_id for event in found(auditor, organisation=words)} == {
            pharmacy.pk
        }


def test_by_kind_time_and_refusal(order, auditor, now):
    assert actions(auditor, kind="application.approve") == {"application.approve"}
    today, tomorrow = clock.day(now), clock.day(now + timedelta(days=1))
    spoken = {"order": order.number, "kind": "application.approve"}
    assert found(auditor, **spoken, since=today.isoformat(), until=tomorrow.isoformat())
    assert found(auditor, **spoken, until=(today - timedelta(days=1)).isoformat()) == []
    assert found(auditor, **spoken, since=(tomorrow + timedelta(days=1)).isoformat()) == []
    auditor.press("claim", order)
    assert actions(auditor, refused="on") == {"act.refused"}
    assert "tag--error" in auditor.open("events", refused="on").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"person": "Ei Ketään"},
        {"organisation": "1234567-1"},
        {"organisation": "Ei mikään"},
        {"order": "X-1"},
        {"serial": "xyz"},
        {"kind": "no.such"},
        {"since": "31.31.2026"},
        {"since": "0001-01-01"},
        {"since": "0001-01-02"},
        {"until": "31.12.9999"},
        {"since": "1.1.2026", "until": "9999-12-30"},
    ],
)
def test_what_fits_nothing_is_said_and_finds_nothing(order, auditor, query):
    answer = auditor.open("events", **query)
    assert answer.context["form"].errors
    assert answer.context["rows"] == []
    assert auditor.open("events_csv", **query).status_code == 302
    assert auditor.open("events_zip", **query).status_code == 302


def test_pages_go_on_where_the_last_ended(order, auditor, monkeypatch):
    monkeypatch.setattr(page, "PER_PAGE", 5)
    expected = {event.pk for event in Event.objects.all()}
    seen, query = [], {}
    while query is not None:
        answer = auditor.open("events", **query)
        seen += [row["event"].pk for row in answer.context["rows"]]
        older = answer.context["older"]
        query = {"before": older} if older else None
    assert seen == sorted(set(seen), reverse=True)
    assert expected <= {*seen}


def test_each_look_and_each_export_is_an_event_with_keys_only(order, auditor, riitta):
    auditor.open("events", person="Riitta Ratkaisija", kind="application.approve")
    viewed = Event.objects.filter(action="events.viewed").latest("pk")
    assert viewed.actor == f"person:{auditor.person.pk}"
    looked = auditor.open("events", kind="events.viewed").context["rows"]
    assert {row["about"].text for row in looked} == {""}
    assert viewed.data["query"] == {"persons": [str(riitta.pk)], "action": "application.approve"}
    auditor.open("events_csv", order=order.number)
    exported = Event.objects.filter(action="events.exported").latest("pk")
    assert exported.data["query"] == {"orders": [order.number]}
    assert (exported.data["form"], exported.data["count"] > 10) == ("csv", True)


def test_the_table_has_the_events_of_the_search(order, auditor):
    answer = auditor.open("events_csv", order=order.number)
    lines = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")), delimiter=";"))
    assert len(lines[0]) == len(lines[1]) == 9
    assert {line[3] for line in lines[1:]} >= set(ACTIONS)


@pytest.mark.django_db(transaction=True)
def test_the_bundle_proves_each_event(log, matti, riitta, auditor, monkeypatch):
    answer_at_once(monkeypatch)
    order = orders.delivered(matti, riitta)
    bundle = zipfile.ZipFile(io.BytesIO(auditor.open("events_zip", order=order.number).content))
    receipts = [name for name in bundle.namelist() if name.endswith(".tlog-proof")]
    proven = [Receipt.parse(bundle.read(name)) for name in receipts]
    assert {receipt.check(log).origin for receipt in proven} == {log.name}
    assert {receipt.event["action"] for receipt in proven} >= set(ACTIONS)
    assert bundle.read("event-log.vkey").decode() == f"{log}\n"
    told = bundle.read("events.csv").decode("utf-8-sig")
    assert told.count("\r\n") == len(receipts) + 1


def test_each_search_is_met_by_an_index(order, riitta, pharmacy):
    """Alone, each part of a question walks an index of its own, however many events there are."""
    insert_many()
    about = "foundation__object__67a7d6_idx"
    expected = {
        "event_serial": EventQuery(serials=[certificate_of(order).serial]),
        "event_reference": EventQuery(orders=[order]),
        "event_actor": EventQuery(persons=[riitta]),
        "event_organisation": EventQuery(organisations=[pharmacy]),
        "event_action": EventQuery(action="application.approve"),
    }
    for index, query in expected.items():
        alternatives, common = query.alternatives()
        found = [
            event_search._numbers(Event.objects.filter(common, one), 51) for one in alternatives
        ]
        assert index in {name for each in found for name in indexes_of(each)}
        assert all(indexes_of(each) <= {index, about} for each in found)
    refused = EventQuery(refused=True).alternatives()[1]
    found = event_search._numbers(Event.objects.filter(refused), 51)
    assert indexes_of(found) == {"event_refused"}

"""What the authority reads and takes away is recorded, and its owner sees it on their own data."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts import own_records
from applications import services
from applications.views.console.events.named import LISTS
from certportal.dev.builders import orders, people
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from tests.isolation.table import TABLE

TAKEN = "person.document_taken"


@pytest.fixture
def case(matti):
    """A case with a certificate of conformity."""
    return orders.in_review(matti, "system_signature")


def browser(person):
    return people.log_in(Client(), person)


def recorded(action):
    return list(Event.objects.filter(action=action).order_by("pk"))


def own_data(person):
    return browser(person).get(reverse("accounts:recorded")).content.decode()


def test_who_handed_a_document_in_sees_that_a_reviewer_downloaded_it(case, matti, riitta):
    attachment = case.attachments.get()
    place = reverse("console:attachment", args=[case.pk, attachment.pk])
    assert browser(riitta).get(place).status_code == 200
    (event,) = recorded(TAKEN)
    assert (event.actor, event.object_id) == (f"person:{riitta.pk}", str(matti.pk))
    assert event.data == {"reference": str(case.pk), "sha256": attachment.sha256}
    assert event in own_records.page_of_events(matti, before=None, most=50)
    assert "Viranomainen latasi asiakirjan" in own_data(matti)
    assert riitta.family_name not in own_data(matti)


def test_the_same_download_within_an_hour_is_recorded_once(case, riitta, anneli):
    place = reverse("console:attachment", args=[case.pk, case.attachments.get().pk])
    reviewer = browser(riitta)
    for _ in range(3):
        reviewer.get(place)
    browser(anneli).get(place)
    assert len(recorded(TAKEN)) == 2  # the auditor's is another


def test_an_auditors_look_at_a_case_is_recorded_and_a_reviewers_is_not(case, riitta, anneli):
    place = reverse("console:case", args=[case.pk])
    browser(riitta).get(place)
    assert recorded("application.case_viewed") == []
    auditor = browser(anneli)
    auditor.get(place)
    auditor.get(place)
    (event,) = recorded("application.case_viewed")
    assert (event.actor, event.object_id) == (f"person:{anneli.pk}", str(case.pk))


def test_every_list_that_leaves_the_console_is_recorded_and_has_a_name(riitta):
    lists = [str(entry) for entry in TABLE if re.match(r"console:.*_csv", str(entry))]
    assert len(lists) >= 10
    reviewer = browser(riitta)
    for name in lists:
        before = Event.objects.filter(action__endswith=".exported").count()
        assert reviewer.get(reverse(name)).status_code == 200, name
        (event,) = Event.objects.filter(action__endswith=".exported").order_by("pk")[before:]
        assert event.actor == f"person:{riitta.pk}", name
        assert event.object_type != "list" or event.object_id in LISTS, name


def test_the_console_finds_these_events_by_person_and_marks_refusals(case, matti, riitta, anneli):
    services.record_attachment_taken(
        case.attachments.get(), actor=system("test"), now=case.changed_at
    )
    auditor = browser(anneli)
    auditor.post(reverse("console:claim", args=[case.pk]))
    page = auditor.get(reverse("console:events"), {"person": matti.email}).content.decode()
    assert "Viranomainen latasi asiakirjan" in page
    refused = auditor.get(reverse("console:events"), {"refused": "on"}).content.decode()
    (event,) = recorded("act.refused")
    assert (event.actor, event.refused) == (f"person:{anneli.pk}", True)
    assert event.words in refused

"""To all but reviewers the console does not exist."""

import pytest
from django.urls import reverse

from certportal.foundation.models import Event
from tests.applications.console.conftest import Desk

PAGES = ["queue", "queue_csv", "ceremonies", "loads"]
PAGES += ["certificates", "certificate_list_csv", "people", "search"]
OF_A_CASE = ["case", "certificate", "ask", "extend", "approve", "reject", "reopen"]
OF_A_CASE += ["set_aside", "hand_over", "take_over", "note", "revocation_report"]
BUTTONS = ["claim", "release", "names", "cancel_request"]


def test_applicants_find_no_console(matti):
    desk = Desk(matti)
    assert desk.client.post(desk.url("take_next")).status_code == 404
    assert {name: desk.open(name).status_code for name in PAGES} == dict.fromkeys(PAGES, 404)


@pytest.mark.parametrize("who", ["matti", "stranger"])
def test_neither_applicant_nor_stranger_finds_the_case(waiting, who, request):
    desk, names = Desk(request.getfixturevalue(who)), OF_A_CASE + BUTTONS
    opened = {name: desk.open(name, waiting.pk).status_code for name in names}
    pressed = {name: desk.press(name, waiting).status_code for name in names}
    assert opened == pressed == dict.fromkeys(names, 404)


def test_evidence_is_no_business_of_strangers(waiting, stranger):
    host = waiting.host_names.first()
    answer = Desk(stranger).press("evidence", waiting, host.pk, evidence="dns")
    assert answer.status_code == 404
    host.refresh_from_db()
    assert host.evidence == ""


def test_a_try_by_a_stranger_is_on_record(waiting, stranger):
    Desk(stranger).open("case", waiting.pk)
    assert Event.objects.filter(refused=True, actor=f"person:{stranger.pk}").exists()


def test_visitors_are_led_to_identify(client, waiting):
    answer = client.get(reverse("console:case", args=[waiting.pk]))
    assert answer.status_code == 302
    assert "/login/" in answer.url


def test_drafts_are_not_shown_to_reviewers(matti, desk):
    from certportal.dev.builders import orders

    draft = orders.draft(matti)
    assert desk.open("case", draft.pk).status_code == 404
    assert draft.number not in desk.open("queue").text


def test_looking_never_acts(case, desk):
    version = case.version
    opened = {name: desk.open(name, case.pk).status_code for name in BUTTONS}
    assert opened == dict.fromkeys(BUTTONS, 405)
    case.refresh_from_db()
    assert case.version == version


@pytest.mark.parametrize(
    ("name", "field", "label"),
    [
        ("queue", "status", "Status"),
        ("events", "kind", "What happened"),
        ("numbers", "type", "Type of certificate"),
        ("waivers", "state", "Which waivers"),
        ("certificates", "state", "Status"),
    ],
)
def test_a_filter_of_an_old_address_is_refused_in_words(desk, name, field, label):
    page = desk.open(name, **{field: "<gone>"})
    assert page.status_code == 200
    assert f"Choose an option: {label}" in page.text
    assert "&lt;gone&gt;" not in page.text

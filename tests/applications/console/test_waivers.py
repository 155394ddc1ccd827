"""Waivers at the reviewers' desks: on the case, before the approval, in the list."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership
from accounts.weak_evidence import USUAL_DAYS
from applications import services
from applications.models import HostName, Waiver
from applications.rules import waivers
from certportal.dev.builders import orders, people
from certportal.foundation.models import Event
from tests.applications.console.conftest import Desk
from tests.applications.waivers import GROUNDS, SUPPLIER, WHY, day, foreign, in_hand, waive

GIVEN = {"reason": GROUNDS}


def written(on):
    return f"{on.day}.{on.month}.{on.year}"


@pytest.fixture
def held(matti, riitta, cas):
    """A case in Riitta's hands with another organisation's OID."""
    return in_hand(matti, riitta)


def give(desk, case, **values):
    data = GIVEN | {"ends_on": written(day(90))} | values
    return desk.press("waive", case, waivers.OID_OUTSIDE, **data)


def test_the_case_says_what_wants_a_waiver_and_leads_to_it(held, desk):
    page = desk.open("case", held.pk)
    assert "This is acceptable only with a waiver" in page.text
    assert WHY in page.text
    assert desk.url("waive", held.pk, waivers.OID_OUTSIDE) in page.text
    assert "Waive what the checks found" in page.text
    assert "approve" not in page.context["offers"]
    assert page.context["approvals"].wanted == 2


def test_the_form_proposes_half_a_year_and_the_waiver_stands_on_the_case(held, desk, riitta):
    form = desk.open("waive", held.pk, waivers.OID_OUTSIDE).context["form"]
    assert form["ends_on"].value() == day(USUAL_DAYS)
    assert give(desk, held).status_code == 302
    page = desk.open("case", held.pk)
    for told in (GROUNDS, str(riitta), f"{day(90).year}", "nobody yet"):
        assert told in page.text
    assert "approve" in page.context["offers"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"reason": " "}, "Write why the finding can be waived"),
        ({"ends_on": "31.11.2026"}, "Enter a day that exists, in the form 31.12.2026."),
        ({"ends_on": "1.1.2020"}, "Choose an end date that is today or later"),
        ({"ends_on": "1.1.2099"}, "Choose an end date that is today or later"),
    ],
)
def test_what_is_missing_or_too_long_is_said_and_nothing_is_lost(held, desk, values, said):
    page = give(desk, held, **values)
    assert (page.status_code, Waiver.objects.count()) == (200, 0)
    assert said in page.text
    kept = {"reason": GROUNDS} | values
    assert page.context["form"]["reason"].value().strip() == kept["reason"].strip()


def test_a_case_that_moved_on_meanwhile_keeps_the_reasons(held, desk):
    page = give(desk, held, version=held.version - 1)
    assert page.status_code == 409
    assert GROUNDS in page.text
    assert not Waiver.objects.exists()


@pytest.mark.parametrize("rule", ["key.blocked", "order.host_declared", "order.mailbox", "x"])
def test_there_is_no_page_to_waive_anything_else(held, desk, rule):
    assert desk.open("waive", held.pk, rule).status_code == 404
    assert desk.press("waive", held, rule, **GIVEN).status_code == 404


def test_the_second_person_reads_it_before_she_approves(held, desk, other_desk, raimo):
    give(desk, held)
    other_desk.confirm()
    page = other_desk.open("approve", held.pk)
    assert GROUNDS in page.text
    assert SUPPLIER in page.text
    orders.press_approve(raimo, held)
    assert Waiver.objects.get().confirmed_by == raimo
    assert f"{raimo}" in desk.open("waivers").text


def test_a_delivered_case_still_tells_what_was_waived_for_it(
    held, desk, other_desk, riitta, raimo, pass_days
):
    give(desk, held)
    orders.press_approve(riitta, held)
    orders.press_approve(raimo, held)
    orders.drain()
    pass_days(120)
    page = Desk(riitta).open("case", held.pk)
    assert GROUNDS in page.text
    assert "has not been waived" not in page.text


def test_raimo_withdraws_it_with_reasons(held, desk, other_desk):
    give(desk, held)
    waiver = Waiver.objects.get()
    address = other_desk.url("waiver", waiver.pk)
    page = other_desk.client.post(address, {"reason": " "})
    assert "Write why the waiver is withdrawn." in page.text
    assert other_desk.client.post(address, {"reason": "Sopimus päättyi."}).status_code == 302
    page = other_desk.client.get(address)
    assert "no longer in force" in page.text
    assert "nobody yet" not in page.text
    assert "nobody yet" not in other_desk.open("waivers", state="ended").text
    assert "Sopimus päättyi." in page.text
    assert other_desk.client.post(address, {"reason": "Toistamiseen."}).status_code == 409
    assert "It has not been waived" in desk.open("case", held.pk).text


def listed(desk, **query):
    return [one.pk for one, _words in desk.open("waivers", **query).context["rows"]]


def test_the_list_tells_in_force_ending_and_ended(matti, riitta, raimo, desk, cas, pass_days):
    soon = waive(riitta, in_hand(matti, riitta), days=10)
    late = waive(riitta, in_hand(matti, riitta), days=100)
    last = waive(riitta, in_hand(matti, riitta), days=29)
    assert listed(desk) == [soon.pk, last.pk, late.pk]
    assert listed(desk, state="soon") == [soon.pk, last.pk]
    assert listed(desk, state="ended") == []
    assert 'Waivers <span class="count">2</span>' in desk.open("queue").text
    pass_days(11)
    desk = Desk(riitta)
    assert listed(desk) == [last.pk, late.pk]
    assert listed(desk, state="ended") == [soon.pk]


def test_the_list_is_narrowed_to_an_organisation(held, desk):
    assert "No waiver is in force." in desk.open("waivers").text
    give(desk, held)
    assert listed(desk, organisation="apteekki") == [Waiver.objects.get().pk]
    assert listed(desk, organisation="koivupiha") == []
    assert "No waiver fits the filters." in desk.open("waivers", organisation="koivupiha").text


def test_a_state_that_is_none_shows_those_in_force(held, desk):
    give(desk, held)
    assert listed(desk, state="x") == [Waiver.objects.get().pk]


def test_the_evidence_form_takes_an_end_and_the_case_shows_it(waiting, desk, other_desk):
    desk.press("claim", waiting)
    orders.drain()
    host = waiting.host_names.first()
    words = {"evidence": "declared", "note": GROUNDS}
    page = desk.press("evidence", waiting, host.pk, **words, ends_on="1.1.2099")
    assert "Choose an end date" in page.text
    assert page.context["form"]["note"].value() == GROUNDS
    desk.press("evidence", waiting, host.pk, **words, ends_on=written(day(20)))
    page = desk.open("case", waiting.pk)
    assert "This is enough until" in page.text
    assert "Only the applicant&#x27;s word supports a host name" in page.text
    assert desk.url("waive", waiting.pk, waivers.HOST_DECLARED) not in page.text


def test_the_evidence_form_keeps_the_day_that_was_chosen(waiting, desk):
    desk.press("claim", waiting)
    orders.drain()
    host = waiting.host_names.first()
    words = {"evidence": "declared", "note": GROUNDS}
    desk.press("evidence", waiting, host.pk, **words, ends_on=written(day(20)))
    row, _other = desk.open("case", waiting.pk).context["hosts"]
    assert row["form"]["ends_on"].value() == day(20)
    shown = {one.name: str(row["form"][one.name].value()) for one in row["form"]}
    desk.press("evidence", waiting, host.pk, **shown | {"ends_on": written(day(20))})
    assert Waiver.objects.get(closed_at=None).ends_on == day(20)


def test_a_hundred_host_names_take_as_many_queries_as_two(
    waiting, desk, riitta, django_assert_max_num_queries
):
    desk.press("claim", waiting)
    orders.drain()

    def named(count):
        for number in range(waiting.host_names.count(), count):
            HostName.objects.create(
                application=waiting, name=f"a{number}.example.fi", position=number
            )
        for host in waiting.host_names.filter(evidence=""):
            given = {"evidence": HostName.Evidence.DECLARED, "note": GROUNDS, "person": riitta}
            services.set_evidence(
                waiting.pk, host.pk, **given, **orders.Handler(riitta, waiting).seen
            )

    def asked(name):
        desk.confirm()
        desk.open(name, waiting.pk)
        with CaptureQueriesContext(connection) as queries:
            desk.open(name, waiting.pk)
        return len(queries)

    named(2)
    few = {name: asked(name) for name in ("case", "approve")}
    assert max(few.values()) <= 20
    named(100)
    with django_assert_max_num_queries(few["case"]):
        page = desk.open("case", waiting.pk)
    assert len(page.context["waivers"]) == len(page.context["hosts"]) == 100
    assert all(row["waiver"] for row in page.context["hosts"])
    assert asked("approve") <= few["approve"]


@pytest.mark.parametrize("name", ["matti", "teemu", "kalle", "stranger"])
def test_nobody_but_reviewers_sees_or_does_anything_of_it(held, riitta, name, request):
    waiver = waive(riitta, held)
    somebody = people.log_in(Client(), request.getfixturevalue(name))
    pages = [reverse("console:waivers"), reverse("console:waiver", args=[waiver.pk])]
    pages.append(reverse("console:waive", args=[held.pk, waivers.OID_OUTSIDE]))
    for page in pages:
        assert somebody.get(page).status_code == 404
        answer = somebody.post(page, {"reason": GROUNDS, "version": held.version})
        assert answer.status_code in {404, 405}
    waiver.refresh_from_db()
    assert (waiver.closed_at, Waiver.objects.count()) == (None, 1)


def test_matti_does_not_read_the_reviewers_reasons(held, matti, riitta):
    waive(riitta, held)
    page = people.log_in(Client(), matti).get(reverse("applications:order", args=[held.pk]))
    assert GROUNDS not in page.text
    assert WHY in page.text


def test_matti_is_asked_for_a_reason_only_where_the_oid_is_anothers(matti):
    application = orders.draft(matti, "system_signature")
    web = people.log_in(Client(), matti)
    address = reverse("applications:part", args=[application.pk, "system"])
    assert "system_oid_reason" not in web.get(address).context["form"].fields
    given = {"version": application.version, "system_name": "Plus", "system_oid": SUPPLIER}
    page = web.post(address, given)
    assert "If the system must have this OID, write why." in page.text
    assert web.post(address, given | {"system_oid_reason": WHY}).status_code == 302
    application.refresh_from_db()
    assert (application.system_oid, application.system_oid_reason) == (SUPPLIER, WHY)
    assert web.get(address).context["form"]["system_oid_reason"].value() == WHY
    own = {"system_oid": "1.2.246.10.99000018.12.3", "version": application.version}
    assert web.post(address, given | own).status_code == 302
    application.refresh_from_db()
    assert application.system_oid_reason == ""


def test_the_reason_is_frozen_with_the_order_and_erased_with_it(matti, riitta, cas):
    application = foreign(matti)
    orders.submit(matti, application)
    assert f'"system_oid_reason":"{WHY}"' in application.submission.content
    assert not Event.objects.filter(data__icontains=WHY).exists()


def test_a_right_on_the_word_alone_is_confirmed_and_listed_with_its_end(
    matti, riitta, held, desk, pass_days
):
    right = matti.memberships.get()
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    desk.confirm()
    page = desk.press("right", held, note="Nähty.", ends_on=written(day(20)))
    assert "Leave the day empty, or tick" in page.text
    assert page.context["form"]["note"].value() == "Nähty."
    page = desk.press("right", held, word_alone="on", note="Soitto.", ends_on="1.1.2099")
    assert "Choose an end date" in page.text
    words = {"word_alone": "on", "note": "Puhelinsoitto, ei asiakirjaa."}
    assert desk.press("right", held, **words, ends_on=written(day(20))).status_code == 302
    right.refresh_from_db()
    assert right.confirmed_until == day(20)
    page = desk.open("case", held.pk)
    assert "which is enough until" in page.text
    assert page.context["may_confirm"]
    assert "which is enough until" not in desk.open("waivers", organisation="koivupiha").text
    for state in ("in_force", "soon"):
        assert words["note"] in desk.open("waivers", state=state).text
    assert words["note"] not in desk.open("waivers", state="ended").text
    assert "On the person's word alone, until" in desk.open("account", held.organisation_id).text
    pass_days(21)
    desk = Desk(riitta)
    assert words["note"] in desk.open("waivers", state="ended").text
    assert "Confirm the right again" in desk.open("case", held.pk).text


def test_without_a_chosen_end_the_word_is_enough_for_half_a_year(matti, held, desk):
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    desk.confirm()
    assert desk.press("right", held, word_alone="on", note="Soitto.").status_code == 302
    assert matti.memberships.get().confirmed_until == day(USUAL_DAYS)


def test_the_case_says_why_it_wants_two_after_better_evidence(matti, riitta, ready, desk):
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    why = "The order needed two persons when it was approved before"
    desk.confirm()
    desk.press("right", ready, word_alone="on", note="Soitto.", ends_on=written(day(20)))
    assert why not in desk.open("case", ready.pk).text
    orders.approve(riitta, ready)
    shown = desk.shown(desk.url("right", ready.pk))
    assert desk.press("right", ready, note="Kaupparekisteriote.", **shown).status_code == 302
    orders.drain()
    ready.refresh_from_db()
    for page in ("case", "approve"):
        assert why in desk.open(page, ready.pk).text


def test_an_auditor_s_look_at_a_waiver_is_one_at_its_case(held, riitta, now):
    auditor = Desk(people.make_auditor("Anneli Auditoija", now=now))
    assert auditor.open("waiver", waive(riitta, held).pk).status_code == 200
    look = Event.objects.get(action="application.case_viewed")
    assert (look.object_id, look.actor) == (str(held.pk), f"person:{auditor.person.pk}")

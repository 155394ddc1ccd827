"""Reviewers see and decide what has changed in the registers; everybody sees then and now."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from accounts import access
from accounts.register.models import RegisterRecord
from applications import services
from applications.models.register_task import RegisterTask
from applications.register_watch import wording
from certportal.dev.builders import orders, people
from certportal.dev.builders.register import change
from certportal.foundation import clock
from issuance.models import Approval, Certificate, PreparedCertificate
from tests.tables import rewrite

ANSWER = {"outcome": "nothing", "reasons": "Nimi on sama, kirjoitusasu muuttui.", "touched": 1}


@pytest.fixture
def task(order):
    """A renamed pharmacy that waits for a decision."""
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    orders.drain()
    return RegisterTask.objects.get()


def url(name, *args):
    return reverse(f"console:{name}", args=args)


def test_the_queue_leads_to_the_list_and_the_list_to_the_change(desk, task):
    assert url("register") in desk.get(url("queue")).text
    assert url("register_task", task.pk) in desk.get(url("register")).text
    page = desk.get(url("register_task", task.pk)).text
    assert "Helsingin VI apteekki" in page
    assert "Helsingin uusi apteekki" in page
    assert Certificate.objects.get().serial in page
    assert 'value="reissue"' in page


def test_a_decision_is_made_on_the_page_and_listed_with_who_made_it(desk, task, raimo):
    answer = desk.post(url("register_task", task.pk), ANSWER)
    assert answer.status_code == 302
    task.refresh_from_db()
    assert (task.outcome, task.decided_by, task.reasons) == (
        "nothing",
        raimo,
        ANSWER["reasons"],
    )
    page = desk.get(url("register") + "?decided").text
    assert str(raimo) in page
    assert url("register_task", task.pk) not in desk.get(url("register")).text


def test_one_press_carries_the_proposal_out(desk, task):
    form = desk.get(url("register_task", task.pk)).context["form"]
    given = {one.name: str(one.value()) for one in form}
    assert desk.post(url("register_task", task.pk), given).status_code == 302
    task.refresh_from_db()
    assert (task.outcome, bool(task.reasons)) == (task.proposal, True)


def test_a_decision_needs_reasons(desk, task):
    given = ANSWER | {"reasons": ""}
    assert desk.post(url("register_task", task.pk), given).status_code == 200
    task.refresh_from_db()
    assert task.is_open


def test_what_has_been_decided_is_not_decided_again(desk, task):
    desk.post(url("register_task", task.pk), ANSWER)
    again = desk.post(url("register_task", task.pk), ANSWER | {"outcome": "revoke"})
    assert again.status_code == 409
    assert again.text.count(ANSWER["reasons"]) == 2  # what was decided, and what was written now
    assert Certificate.objects.get().state == "issued"


def test_a_decision_is_about_the_certificates_that_were_shown(desk, task, matti, riitta):
    place = url("register_task", task.pk)
    shown = {one.name: str(one.value()) for one in desk.get(place).context["form"]}
    late = rest_on_the_former_name(orders.delivered(matti, riitta))
    services.watch_register(now=clock.now())
    assert task.certificates.count() == 2
    again = desk.post(place, shown | {"outcome": "revoke", "reasons": "Nimi on vaihtunut."})
    assert again.status_code == 409
    assert late.serial in again.text
    task.refresh_from_db()
    assert task.is_open
    seen = {one.name: str(one.value()) for one in again.context["form"]}
    assert seen["reasons"] == "Nimi on vaihtunut."
    assert desk.post(place, seen).status_code == 302
    task.refresh_from_db()
    assert task.outcome == "revoke"


def rest_on_the_former_name(order):
    """Let the order's certificate rest on the record that the first one rests on."""
    first, certificate = Certificate.objects.order_by("pk")
    assert certificate.reference == order.pk
    record = first.prepared.register_record
    rewrite(PreparedCertificate.objects.filter(pk=certificate.prepared_id), register_record=record)
    return certificate


def test_reasons_written_past_the_second_factor_are_sent_again_once_it_is_proven(stale, task):
    asks = stale.post(url("register_task", task.pk), ANSWER)
    assert reverse("accounts:second_factor") in asks.text
    assert ANSWER["reasons"] in asks.text
    assert f"{asks.context['act']}: {task.then.long_name}" in asks.text
    task.refresh_from_db()
    assert task.is_open
    session = stale.session
    session[access.SECOND_FACTOR] = clock.now().isoformat()
    session.save()
    again = stale.post(url("register_task", task.pk), dict(asks.context["unsent"].fields))
    assert again.status_code == 302
    task.refresh_from_db()
    assert (task.outcome, task.reasons) == ("nothing", ANSWER["reasons"])


def test_nobody_decides_about_an_organisation_they_belong_to(desk, task, raimo):
    raimo.memberships.create(
        organisation=task.organisation, role="applicant", basis="invitation", begun_at=clock.now()
    )
    assert desk.post(url("register_task", task.pk), ANSWER).status_code == 403


def test_applicants_have_no_such_pages(client, task, matti):
    people.log_in(client, matti)
    for address in (url("register"), url("register_task", task.pk)):
        assert client.get(address).status_code == 404


def test_the_order_s_page_shows_the_entry_then_and_now(client, task, order, matti):
    people.log_in(client, matti)
    page = client.get(reverse("applications:certificate", args=[order.pk])).text
    assert "Helsingin VI apteekki" in page
    assert "Helsingin uusi apteekki" in page


def test_a_unit_s_certificate_shows_its_organisation_too(client, kalle, riitta, cas):
    order = orders.delivered(kalle, riitta, "test_server", unit="1.2.246.10.99000085.10.3")
    change("1.2.246.10.99000085.10.0", long_name="Koivuranta Terveys Oy")
    people.log_in(client, kalle)
    page = client.get(reverse("applications:certificate", args=[order.pk])).text
    assert "Koivupiha Espoo Tapiola:" in page
    assert "Koivupiha Terveys Oy:" in page
    assert "Koivuranta Terveys Oy" in page


def test_the_case_tells_what_the_register_said_at_each_step(desk, task, order):
    page = desk.get(url("case", order.pk)).text
    assert page.count(url("record", "sote_unit", orders.UNIT)) >= 5
    assert "Helsingin uusi apteekki" in page


def test_check_preparation_approval_and_decision_keep_the_record_of_their_own_time(
    matti, riitta, cas
):
    case = orders.in_review(matti)
    change(orders.UNIT, abbreviation="Uusi lyhenne")
    services.claim(case.pk, person=riitta, **orders.Handler(riitta, case).seen)
    orders.drain()
    change(orders.UNIT, abbreviation="Uusin lyhenne")
    orders.approve(riitta, case)
    check, decision = case.check_runs.get(), case.decisions.get()
    prepared, approval = orders.prepared(case), Approval.objects.get()
    kept = [str(check.record_id), prepared.register_record, approval.register_record]
    assert len(set(kept)) == 3
    assert decision.record.abbreviation == "Uusin lyhenne"
    assert approval.register_record == str(decision.record_id)


def test_what_the_register_said_as_of_a_day(desk, order):
    today = clock.day(clock.now())
    change(orders.UNIT, long_name="Uusi", now=clock.now() + timedelta(days=1))
    place = url("record", "sote_unit", orders.UNIT)
    page = desk.get(place).text
    assert "Uusi" in page
    assert "Helsingin VI apteekki" in page
    asked = {"on": f"{today:%d.%m.%Y}", "known": f"{today:%d.%m.%Y}"}
    answer = desk.get(place, asked).context["answer"]
    assert answer.long_name == "Helsingin VI apteekki"
    later = asked | {"known": f"{today + timedelta(days=1):%d.%m.%Y}"}
    assert desk.get(place, later).context["answer"].long_name == "Uusi"
    long_ago = asked | {"known": "1.1.2020"}
    assert desk.get(place, long_ago).context["answer"] is None
    never = asked | {"known": "0001-01-01"}
    assert list(desk.get(place, never).context["form"].errors) == ["known"]
    assert desk.get(url("record", "sote_unit", "1.2.3")).status_code == 404


def test_a_validity_that_the_register_leaves_open_is_told_in_words():
    first, last = date(2025, 1, 1), date(2027, 12, 31)
    told = {
        (first, last): "1.1.2025–31.12.2027",
        (first, None): "1.1.2025 alkaen",
        (None, last): "31.12.2027 asti",
        (None, None): "rekisterissä ei ole päiviä",
    }
    with translation.override("fi"):
        for (begins, ends), words in told.items():
            assert wording.in_force(RegisterRecord(valid_from=begins, valid_to=ends)) == words


def test_a_recalled_case_tells_the_difference(matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    orders.approve(riitta, case)
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    orders.drain()
    case.refresh_from_db()
    assert case.status == "in_review"
    params = case.findings[0]["params"]
    assert params == {"before": "O=Helsingin VI apteekki", "after": "O=Helsingin uusi apteekki"}

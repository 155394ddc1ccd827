"""What the reviewer who has a case is told of it by mail."""

from dataclasses import replace
from datetime import date

from django.core import mail

from applications import checks, services
from certportal.dev.builders import orders
from certportal.dev.builders.orders import Handler
from certportal.foundation import clock
from issuance.findings import Finding, Severity

ANSWERED = "Hakija on vastannut"
ADDED = "Hakija on antanut lisätietoja"


def told(reviewer) -> list[str]:
    """Return what the subjects of the mails to the reviewer say before name and number."""
    sent = [one.subject for one in mail.outbox if one.to == [reviewer.email]]
    return [subject.partition(": ")[0] for subject in sent]


def asked(matti, riitta):
    case = orders.claimed(matti, riitta)
    question = {"reason": "Kuka?", "sections": ["contact"], "deadline": date(2099, 1, 1)}
    services.request_info(case.pk, person=riitta, **question, **Handler(riitta, case).seen)
    orders.drain()
    return case


def test_an_answer_is_told_to_whoever_asked_once_it_has_been_checked(matti, riitta, raimo, cas):
    case = asked(matti, riitta)
    orders.resubmit(matti, case)
    assert told(riitta) == []
    orders.drain()
    assert told(riitta) == [ANSWERED]
    body = next(one.body for one in mail.outbox if one.to == [riitta.email])
    assert f"/console/{case.pk}/" in body
    assert "varmennetta valmistellaan" in body and orders.prepared(case).is_open
    assert told(raimo) == []


def test_an_answer_that_the_checks_sent_back_is_told_when_it_has_been_mended(matti, riitta, cas):
    case = asked(matti, riitta)
    orders.resubmit(matti, case)
    outcome = checks.run(case, now=clock.now())
    fault = Finding("order.record_missing", Severity.ERROR, {"oid": case.record_oid})
    sent_back = replace(outcome, order_findings=[fault], sections=["unit"])
    services.conclude(case.pk, sent_back, now=clock.now())
    case.refresh_from_db()
    assert case.status == "info_requested"
    orders.resubmit(matti, case)
    orders.drain()
    assert told(riitta) == [ANSWERED]
    services.add_information(case.pk, text="Vielä.", person=matti, **Handler(matti, case).seen)
    orders.drain()
    assert told(riitta) == [ANSWERED, ADDED]


def test_information_is_told_to_whoever_has_the_case(matti, riitta, cas):
    free = orders.in_review(matti)
    held = orders.claimed(matti, riitta)
    for case in (free, held):
        services.add_information(case.pk, text="Lisä.", person=matti, **Handler(matti, case).seen)
    orders.drain()
    assert told(riitta) == [ADDED]


def test_an_order_taken_up_again_is_no_answer(matti, riitta, cas):
    case = asked(matti, riitta)
    orders.resubmit(matti, case)
    orders.drain()
    mail.outbox.clear()
    services.reject(
        case.pk, reasons="Ei.", **orders.UNHEARD, person=riitta, **Handler(riitta, case).seen
    )
    services.reopen(case.pk, reasons="Virhe.", person=riitta, **Handler(riitta, case).seen)
    orders.drain()
    case.refresh_from_db()
    assert case.status == "in_review"
    assert told(riitta) == []

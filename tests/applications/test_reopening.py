"""A reviewer takes a rejected or lapsed application up again."""

from applications import services
from applications.workflow import Status
from certportal.dev.builders import orders


def reopened(reviewer, application):
    seen = orders.Handler(reviewer, application).seen
    services.reopen(application.pk, reasons="Oikaisuvaatimus", person=reviewer, **seen)
    orders.drain()
    application.refresh_from_db()
    return application


def lapsed(person, application):
    services.lapse(application.pk, now=orders.Handler(person, application).seen["now"])
    application.refresh_from_db()
    return application


def test_a_rejected_one_is_checked_again_and_comes_back_to_the_same_reviewer(matti, riitta, cas):
    application = orders.claimed(matti, riitta)
    seen = orders.Handler(riitta, application).seen
    services.reject(application.pk, reasons="Verkkotunnus", **orders.UNHEARD, person=riitta, **seen)
    application = reopened(riitta, application)
    assert application.status == Status.IN_REVIEW
    assert application.reviewer == riitta
    assert application.due_on


def test_a_lapsed_one_without_a_request_waits_for_one_again(matti, riitta, cas):
    application = orders.draft(matti)
    values = {"csr_by": "applicant"}
    seen = orders.Handler(matti, application).seen
    services.save_section(application.pk, "csr", values, **seen)
    orders.submit(matti, application)
    assert application.status == Status.AWAITING_CSR
    application = reopened(riitta, lapsed(matti, application))
    assert application.status == Status.AWAITING_CSR
    assert application.due_on is None
    orders.attach(matti, application, orders.openssl_csr())
    orders.drain()
    application.refresh_from_db()
    assert application.status == Status.IN_REVIEW

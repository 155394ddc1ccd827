"""Whatever is pressed twice happens once; of two reviewers one approves."""

from uuid import UUID

import pytest

from applications.models import Application, Submission
from issuance.models import Approval, Certificate
from tests.journeys import ordering, requests, steps


@pytest.fixture
def ready_to_send(stack, matti, tmp_path):
    """Return an order with every part filled in, its declarations ticked, and its mailbox."""

    def make(page, mailbox):
        csr = requests.openssl(tmp_path, "erecept.example.fi").csr
        order = ordering.order_server(page, stack.base, csr, mailbox=mailbox)
        page.goto(f"{order}check/")
        for box in page.locator("main input[type=checkbox]").all():
            box.check()
        return order

    return make


def id_of(order):
    return UUID(order.rstrip("/").rsplit("/", 1)[1])


@pytest.mark.parametrize("scripts", [True, False])
def test_a_double_click_on_send_sends_once(stack, seat, ready_to_send, database, scripts):
    page = seat("Matti Meikäläinen", steps.BUSINESS_ID, java_script_enabled=scripts)
    order = ready_to_send(page, "kahdesti@example.fi")
    page.locator("main form[method=post] .actions button").first.dblclick()
    page.wait_for_url("**/sent/")
    assert page.locator(".panel").count() == 1
    assert Submission.objects.filter(application_id=id_of(order)).count() == 1


def test_two_reviewers_pressing_approve_at_once_make_one_certificate(
    stack, matti, riitta, raimo, ready_to_send, database
):
    mailbox = "yksi@example.fi"
    order = ready_to_send(matti, mailbox)
    ordering.go_on(matti)
    matti.wait_for_url("**/sent/")
    case = ordering.take(riitta, stack.base, order)
    ordering.prove(riitta, case)
    for page in (riitta, raimo):
        page.goto(f"{case}approve/")
    for page in (riitta, raimo):
        page.evaluate(PRESS_TWICE)
    steps.await_mail(mailbox, stack.mails)
    for page in (riitta, raimo):
        page.wait_for_load_state()
    assert Approval.objects.filter(prepared__reference=id_of(order)).count() == 1
    assert Certificate.objects.filter(reference=id_of(order)).count() == 1
    assert Application.objects.get(pk=id_of(order)).decisions.count() == 1
    packages = steps.mails_to(mailbox, stack.mails)
    assert len({mail["Message-ID"] for mail in packages}) == 1


# Both presses of both reviewers are on their way before any answer is back.
PRESS_TWICE = """() => {
  const form = document.querySelector("main form[action$='/approve/']");
  for (const _press of "12") fetch(form.action, {method: "POST", body: new FormData(form)});
}"""

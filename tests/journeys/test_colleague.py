"""A colleague is invited and removed; the second comer to an account asks to be invited.

Nobody has been here before: this is the first file of a stack, in the order of names.
"""

import re

import pytest
from playwright.sync_api import expect

from accounts.models import Membership
from accounts.services.rights import confirm as confirming
from certportal.foundation import clock
from certportal.foundation.actors import system
from tests.journeys import ordering, steps


@pytest.fixture
def newcomer(stack, browser):
    """Return a page of a browser in which nobody has been."""
    contexts = []

    def sit():
        contexts.append(browser.new_context(base_url=stack.base))
        return contexts[-1].new_page()

    yield sit
    for context in contexts:
        context.close()


def link_in(mail, pattern: str) -> str:
    """Return the address in the mail that has the pattern in it."""
    found = re.search(rf"http\S*{pattern}\S*", mail.get_body(("plain",)).get_content())
    assert found is not None
    return found[0]


def press(page) -> None:
    """Press the main button of the page."""
    page.locator("main .actions .button").first.click()


def invite(page, base: str, address: str) -> None:
    page.goto(f"{base}/fi/account/members/invite/")
    page.locator("input[name=email]").fill(address)
    page.locator("input[name=role][value=applicant]").check()
    ordering.go_on(page)
    page.wait_for_url(re.compile("/account/members/$"))


@pytest.fixture(scope="module", autouse=True)
def confirmed(stack, matti, django_db_blocker):
    """A reviewer has confirmed that Matti may act for the pharmacy: before that he invites nobody.

    How that is done on a case is the first order's journey.
    """
    with django_db_blocker.unblock():
        right = Membership.objects.get(organisation__business_ids__code=steps.BUSINESS_ID)
        if right.is_unconfirmed:  # unless another journey has come first
            given = {"note": "kaupparekisteri", "by": None, "actor": system("test")}
            confirming.confirm_right(right.pk, **given, now=clock.now())


def test_a_colleague_is_invited_works_and_is_removed(stack, matti, newcomer):
    invite(matti, stack.base, "maija@example.fi")
    link = link_in(steps.await_mail("maija@example.fi", stack.mails), "/invitation/")
    scanner = newcomer()
    assert scanner.goto(link).status == 200  # the mail server looks at every link first

    maija = newcomer()
    maija.goto(link)
    press(maija)  # to identification
    maija.locator("main a[href*='/account/login/start/']").click()
    maija.get_by_role("button", name="Maija Mallikas", exact=True).click()
    maija.wait_for_url(re.compile("/(email|invitation)/"))
    if "/invitation/" in maija.url:
        press(maija)  # to giving the address
    steps.give_address(maija, "maija@example.fi", stack.mails)
    maija.wait_for_url(re.compile("/invitation/"))
    press(maija)
    maija.wait_for_url(re.compile("/home/"))
    order = ordering.begin(maija, stack.base, "server")
    assert scanner.goto(link).status == 410

    matti.goto(f"{stack.base}/fi/account/members/")
    row = matti.locator("tr", has_text="Maija Mallikas").first
    row.locator("a").click()
    matti.locator("main a[href$='/remove/']").click()
    press(matti)
    matti.wait_for_url(re.compile("/account/members/$"))
    maija.goto(order)
    expect(maija).to_have_url(re.compile("/account/login/"))  # the open session has ended
    steps.identify(maija, "Maija Mallikas", base=stack.base)
    assert maija.goto(order).status == 404


def test_the_last_administrator_stays(stack, matti):
    matti.goto(f"{stack.base}/fi/account/members/leave/")
    expect(matti.locator("main")).to_contain_text("ainakin yksi pääkäyttäjä")
    expect(matti.locator("main form")).to_have_count(0)
    press(matti)
    expect(matti.locator("main")).to_contain_text("Matti Meikäläinen")


def test_the_second_comer_is_told_asks_and_is_invited(stack, matti, newcomer):
    erik = newcomer()
    steps.identify(erik, "Erik Eidas", base=stack.base)
    steps.give_address(erik, "erik@example.fi", stack.mails)
    erik.goto(f"{stack.base}/fi/account/organisation/found/")
    erik.locator("input[name=business_id]").fill(steps.BUSINESS_ID)
    erik.locator("main form button").click()
    erik.locator("main form[action$='/join/'] button").click()
    expect(erik.locator("h1")).to_be_visible()

    steps.await_true(
        lambda: any(
            "Erik Eidas" in str(one["Subject"])
            for one in steps.mails_to("matti@example.fi", stack.mails)
        ),
        "the administrator was not told",
    )
    mail = steps.mails_to("matti@example.fi", stack.mails)[-1]
    matti.goto(link_in(mail, "/members/invite/"))
    expect(matti.locator("input[name=email]")).to_have_value("erik@example.fi")
    earlier = len(steps.mails_to("erik@example.fi", stack.mails))
    ordering.go_on(matti)
    mail = steps.await_mail("erik@example.fi", stack.mails, later_than=earlier)
    erik.goto(link_in(mail, "/invitation/"))
    press(erik)
    erik.wait_for_url(re.compile("/home/"))
    expect(erik.locator("h1")).to_contain_text("apteekki")

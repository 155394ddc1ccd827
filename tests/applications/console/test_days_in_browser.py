"""Days at the desk in a browser: by keyboard alone, a colleague away, a call, a lead's Monday."""

import pytest
from playwright.sync_api import expect

from accounts.services.rights import staff_roles
from applications.models import RevocationProposal
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.models import Certificate

pytestmark = pytest.mark.django_db(transaction=True)
MOST_TABS = 60


@pytest.fixture(autouse=True)
def _second_factors(desk, other_desk):
    for one in (desk, other_desk):
        one.confirm()


def reach(page, locator):
    """Press the tab key until the focus is there, as somebody without a mouse does."""
    wanted = locator.first.element_handle()
    for _ in range(MOST_TABS):
        if page.evaluate("(one) => one === document.activeElement", wanted):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"not reached in {MOST_TABS} presses: {locator}")


def enter_on(page, locator):
    reach(page, locator)
    page.keyboard.press("Enter")


def test_take_next_ask_get_back_and_approve_by_keyboard_alone(enter, desk, matti, riitta, cas):
    case = orders.in_review(matti)
    page = enter(desk)("queue")
    enter_on(page, page.locator("#take-next button"))
    page.wait_for_url(f"**{desk.url('case', case.pk)}")
    enter_on(page, page.locator(f"a[href='{desk.url('ask', case.pk)}']"))
    reach(page, page.locator("input[name=sections][value=validity]"))
    page.keyboard.press("Space")
    reach(page, page.locator("#id_reason"))
    page.keyboard.type("Kuinka kauan?")
    enter_on(page, page.locator("button[name=preview]"))
    enter_on(page, page.locator("button[name=send]"))
    page.wait_for_selector("[role=status] .notice--success")
    case.refresh_from_db()
    orders.resubmit(matti, case)
    orders.drain()
    page.goto(page.url)
    expect(page.locator("#since")).to_be_visible()
    orders.give_evidence(riitta, case)
    page.goto(page.url)
    enter_on(page, page.locator(f"#decision a[href='{desk.url('approve', case.pk)}']"))
    enter_on(page, page.locator("button[name=then]"))
    page.wait_for_selector("[role=status] .notice--success")
    case.refresh_from_db()
    assert case.status == "approved"


def test_a_case_is_handed_over_and_an_absent_colleague_s_is_taken(
    enter, desk, other_desk, case, riitta, raimo
):
    page = enter(desk)("hand_over", case.pk)
    page.select_option("[name=to]", str(raimo.pk))
    page.fill("[name=note]", "Loma alkaa.")
    page.locator("main form[method=post] .actions button").first.click()
    page.wait_for_selector("[role=status] .notice--success")
    case.refresh_from_db()
    assert case.reviewer == raimo
    page = enter(desk)("take_over", case.pk)
    page.fill("[name=reason]", "Raimo on sairaana.")
    page.locator("main form[method=post] .actions button").first.click()
    page.wait_for_selector("[role=status] .notice--success")
    page = enter(other_desk)("case", case.pk)
    expect(page.locator("main")).to_contain_text("Raimo on sairaana.")
    case.refresh_from_db()
    assert case.reviewer == riitta


def test_a_call_asks_for_a_revocation_and_a_second_reviewer_confirms_it(
    enter, desk, other_desk, matti, riitta, cas
):
    order = orders.delivered(matti, riitta)
    page = enter(desk)("revocation_report", order.pk)
    page.check("[name=channel][value=phone]")
    page.check("[name=role][value=organisation]")
    page.fill("[name=caller]", "Matti Meikäläinen")
    page.fill("[name=verified]", "Soitin apteekin vaihteeseen.")
    page.fill("[name=received_at]", "0.00")
    page.check("[name=reason][value=superseded]")
    page.fill("[name=words]", "Palvelin vaihdettiin.")
    page.check("[name=understood]")
    page.locator("main form[method=post] button.button--danger").click()
    page.wait_for_selector("[role=status] .notice--success")
    assert RevocationProposal.objects.get().is_open
    page = enter(other_desk)("revocation", order.pk)
    expect(page.locator("main")).to_contain_text("Soitin apteekin vaihteeseen.")
    page.check("[name=understood]")
    page.locator("main form[method=post] button.button--danger").click()
    page.wait_for_selector("[role=status] .notice--success")
    assert Certificate.objects.get().revocation_reason == "superseded"


def test_a_lead_s_monday_gives_the_free_cases_out(
    enter, other_desk, matti, riitta, raimo, cas, now
):
    staff_roles.grant_lead(raimo, by=None, actor=system("test"), now=now)
    case = orders.in_review(matti)
    page = enter(type(other_desk)(raimo))("queue")
    page.locator(f"nav a[href='{other_desk.url('loads')}']").first.click()
    page.check(f"[name=cases][value='{case.pk}']")
    page.select_option("[name=to]", str(riitta.pk))
    page.locator("main form[method=post] button").first.click()
    page.wait_for_selector("[role=status] .notice--success")
    case.refresh_from_db()
    assert case.reviewer == riitta
    assert case.aside_until == clock.day(clock.now())


def test_an_auditor_reads_the_case_and_finds_no_button(enter, desk, case):
    anneli = people.make_auditor("Anneli Auditoija")
    page = enter(type(desk)(anneli))("case", case.pk)
    expect(page.locator("main")).to_contain_text(case.number)
    assert page.locator("#decision button").count() == 0
    assert page.locator("#decision a").count() == 0

"""Days at the desk in a browser: by keyboard alone, a waiver, an absence, a call, a Monday."""

import pytest
from playwright.sync_api import expect

from accounts.services.rights import staff_roles
from applications.models import RevocationProposal
from applications.rules.waivers import OID_OUTSIDE
from certportal.dev.builders import documents, orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.models import Certificate
from tests.accessibility import check_both_widths
from tests.applications.console.listed import due_in
from tests.applications.waivers import GROUNDS, in_hand

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


def test_take_next_ask_get_back_approve_and_next_by_keyboard_alone(enter, desk, matti, riitta, cas):
    case, following = orders.in_review(matti), orders.in_review(matti)
    due_in(following, 20)
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
    page.wait_for_url(f"**{desk.url('case', following.pk)}")
    case.refresh_from_db()
    following.refresh_from_db()
    assert (case.status, following.reviewer) == ("approved", riitta)


def test_a_waiver_is_given_by_one_and_confirmed_by_the_second_who_approves(
    enter, desk, other_desk, matti, riitta, raimo, cas
):
    case = in_hand(matti, riitta)
    page = enter(desk)("waive", case.pk, OID_OUTSIDE)
    page.fill("[name=reason]", GROUNDS)
    page.locator("main form[method=post] .actions button").first.click()
    page.wait_for_selector("[role=status] .notice--success")
    orders.drain()
    for one in (desk, other_desk):
        page = enter(one)("approve", case.pk)
        page.locator("#press button[name=then]").click()
        page.wait_for_selector("[role=status] .notice--success")
    orders.drain()
    waiver = case.waivers.get()
    assert (waiver.waived_by, waiver.confirmed_by) == (riitta, raimo)
    case.refresh_from_db()
    assert case.status == "delivered"
    page = enter(other_desk)("waivers")
    expect(page.locator("main")).to_contain_text(str(raimo))


def test_an_applicant_is_heard_with_an_extract(enter, desk, case, matti):
    page = enter(desk)("hear", case.pk)
    page.fill("#id_reason", "Verkkotunnus kuuluu toiselle.")
    page.fill("#id_material", "Ote verkkotunnusrekisteristä")
    extract = {"name": "ote.pdf", "mimeType": "application/pdf", "buffer": documents.pdf("Ote")}
    page.set_input_files("#id_file", extract)
    page.locator("button[name=attach]").click()
    expect(page.get_by_label("ote.pdf")).to_be_checked()
    assert page.input_value("#id_reason") == "Verkkotunnus kuuluu toiselle."
    check_both_widths(page)
    page.locator("button[name=preview]").click()
    expect(page.locator("main .card").first).to_contain_text("ote.pdf")
    page.locator("button[name=send]").click()
    page.wait_for_selector("[role=status] .notice--success")
    expect(page.locator("main")).to_contain_text("Sent with the hearing of")
    check_both_widths(page)
    case.refresh_from_db()
    assert [one.name for one in case.requests.get().documents.all()] == ["ote.pdf"]


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
    page.click("nav .more > summary")
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

"""On a telephone no word is broken but at a hyphen, no name but at a dot; bars are folded."""

import pytest
from django.utils.translation import gettext as _

from accounts.models import Person
from applications import services
from certportal.dev.builders import mails, orders
from certportal.foundation.mail import html
from tests.accessibility import check_in_turn

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "varmennepalvelin.terveydenhuolto.hyvinvointialue.example.fi"
# For the browser the part of a word after a soft hyphen begins with the hyphen, on the line before.
TORN = r"""() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const torn = [], range = document.createRange();
  while (texts.nextNode()) {
    const text = texts.currentNode, box = text.parentElement;
    if (!box.checkVisibility()) continue;
    if (box.closest("thead, code, pre, .mono, .visually-hidden")) continue;
    for (const word of text.data.matchAll(/(?<!\u00ad)[^\s\u00ad–\/-]{2,}/g)) {
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const parts = [...range.getClientRects()].filter((part) => part.width > 1);
      if (new Set(parts.map((part) => Math.round(part.top))).size > 1) torn.push(word[0]);
    }
  }
  return torn.filter((word) => !/^[0-9a-f]{24,}$/i.test(word));
}"""


@pytest.fixture
def order(matti):
    """Matti's draft for a server with a long name."""
    draft = orders.draft(matti)
    names = {"host_names": [LONG, "erecept.example.fi"]}
    services.save_section(draft.pk, "host_names", names, **orders.Handler(matti, draft).seen)
    orders.upload(matti, draft, orders.openssl_csr())
    return draft


TELEPHONE = {"width": 320, "height": 640}


def torn(page):
    """Return the words that are broken on a telephone; the page must not scroll sideways."""
    page.set_viewport_size(TELEPHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    return page.evaluate(TORN)


def test_public_pages(go):
    for name in ("start", "which_certificate", "csr_doctor", "eligibility", "accessibility"):
        assert torn(go(name)) == [], name


def test_an_order_and_its_case(go, matti, riitta, cas, order):
    assert torn(go("applications:check", order.pk, who=matti)) == []
    orders.submit(matti, order)
    orders.drain()
    for name in ("home", "applications:orders"):
        assert torn(go(name, who=matti)) == [], name
    assert torn(go("applications:order", order.pk, who=matti)) == []
    order.refresh_from_db()
    orders.act(riitta, services.claim, order)
    orders.drain()
    page = go("console:case", order.pk, who=riitta)
    assert torn(page) == []
    assert page.locator("h1").bounding_box()["y"] < 200
    orders.give_evidence(riitta, order)
    page = go("console:approve", order.pk, who=riitta)
    assert page.locator(".certified").is_visible()
    assert torn(page) == []


def test_the_bar_of_the_console_is_folded_under_the_name_of_the_page(go, riitta):
    page = go("console:certificates", who=riitta)
    summary, pages = page.locator(".menu > summary"), page.locator(".menu .nav")
    assert pages.is_visible() and not summary.is_visible()
    page.set_viewport_size(TELEPHONE)
    assert not pages.is_visible()
    assert summary.inner_text().strip().endswith(f" – {_('Certificates')}")
    assert page.locator("h1").bounding_box()["y"] < 200
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator(".menu input[type=search]").evaluate(
        "(it) => it === document.activeElement"
    )
    assert pages.is_visible()
    check_in_turn(page)


def test_the_queue_begins_on_the_first_screen_and_its_filters_are_a_press_away(
    go, matti, riitta, cas
):
    for _order in range(2):
        orders.in_review(matti)
    page = go("console:queue", who=riitta, query="?view=free")
    views, search = page.locator(".views ul"), page.locator("#filters [name=q]")
    assert views.is_visible() and search.is_visible()
    page.set_viewport_size(TELEPHONE)
    cases = page.locator("#cases tbody tr")
    assert cases.first.bounding_box()["y"] < 400
    for part, folded in ((".views", views), ("#filters", search)):
        assert not folded.is_visible()
        summary = page.locator(f"{part} summary")
        summary.focus()
        page.keyboard.press("Enter")
        assert folded.is_visible()
    assert page.locator(".views summary").inner_text().strip().endswith(f" – {_('Free')}")
    check_in_turn(page)
    search.fill("nothing")
    search.press("Enter")
    page.wait_for_url("**q=nothing**")
    assert cases.count() == 0


# Whether a host name is broken elsewhere than after a dot, or a number of an order at all.
BROKEN_NAMES = r"""() => [...document.querySelectorAll("td:not(:has(td))")].filter((cell) => {
  const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (texts.nextNode())
    for (const word of texts.currentNode.data.matchAll(/SV-\d+-\d+|[^\s.,]+/g)) {
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((part) => Math.round(part.top))).size > 1)
        return true;
    }
  return false;
}).map((cell) => cell.textContent)"""


def test_the_names_and_numbers_in_a_mail(page, matti, riitta, cas, language):
    order = orders.delivered(matti, riitta)
    Person.objects.filter(pk=matti.pk).update(language=language)
    mail = mails.about_order("package", order, "applicant")
    page.set_content(html.page(mail.subject, mail.text, language))
    page.set_viewport_size(TELEPHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    broken = [text for text in page.evaluate(BROKEN_NAMES) if len(text) != 30]  # a serial number
    assert broken == []
    assert order.number in page.locator("td td").first.inner_text()


def test_a_mail_about_the_longest_type(page, matti, language):
    order = orders.in_review(matti, "system_signature")
    Person.objects.filter(pk=matti.pk).update(language=language)
    mail = mails.about_order("receipt", order, "applicant")
    page.set_content(html.page(mail.subject, mail.text, language))
    assert torn(page) == []

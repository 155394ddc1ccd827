"""The pages of a customer that makes a supplier its technical contact, and the supplier's desk."""

import pytest

from certportal.dev.builders import orders, people
from tests.accessibility import check_in_turn
from tests.accessible.conftest import press
from tests.suppliers import consent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def valma(sample, now):
    """The administrator of a supplier."""
    return people.make_founder("Valma Välittäjä", "9900022-9", now=now)


def test_giving_and_ending_it(go, matti, valma):
    page = go("accounts:suppliers", who=matti)
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    check_in_turn(go("accounts:consent", "9900023-7", who=matti))
    page = go("accounts:consent", "9900022-9", who=matti)
    check_in_turn(page)
    page.locator("input[name=until]").fill("1.1.2020")
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    given = consent(matti, valma)
    check_in_turn(go("accounts:suppliers", who=matti))
    check_in_turn(go("accounts:end_consent", given.pk, who=matti))
    check_in_turn(go("accounts:resign_consent", given.pk, who=valma))
    check_in_turn(go("accounts:right", who=matti))


def test_the_bar_takes_one_row_on_a_wide_screen(go, matti, valma, settings):
    consent(matti, valma)
    settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": ["192.0.2.1"]}
    page = go("home", who=valma)
    page.set_viewport_size({"width": 1366, "height": 768})
    parts = page.locator(".userbar .nav a").all()
    assert len(parts) == 8
    boxes = [one.bounding_box() for one in (*parts, page.locator(".userbar .who button"))]
    middles = {round(box["y"] + box["height"] / 2) for box in boxes}
    assert max(middles) - min(middles) <= 2
    assert page.locator(".userbar").bounding_box()["height"] < 60
    assert page.evaluate("document.documentElement.scrollWidth") <= 1366
    check_in_turn(page)


def test_the_desk(go, matti, valma, riitta, cas):
    consent(matti, valma)
    check_in_turn(go("customers:customers", who=valma))
    orders.delivered(matti, riitta)
    waiting = orders.waiting_for_contact(matti)
    check_in_turn(go("customers:customers", who=valma))
    for name in ("orders", "certificates"):
        check_in_turn(go(f"customers:{name}", who=valma))
        check_in_turn(go(f"customers:{name}", who=valma, query="?q=mikään"))
    check_in_turn(go("technical:order", waiting.pk, who=valma))


def test_requests_for_several_orders(go, matti, valma):
    consent(matti, valma)
    orders.waiting_for_contact(matti)
    page = go("customers:requests", who=valma)
    check_in_turn(page)
    files = [
        {"name": "a.csr", "mimeType": "text/plain", "buffer": orders.openssl_csr()},
        {"name": "b.csr", "mimeType": "text/plain", "buffer": b"tyhj\xc3\xa4"},
        {"name": "c.jpg", "mimeType": "image/jpeg", "buffer": b"kuva"},
    ]
    page.locator("input[name=requests]").set_input_files(files)
    press(page)
    page.wait_for_selector("main table")
    check_in_turn(page)


WIDTHS = """fields => fields.map(field => {
    const whole = field.cloneNode(true);
    whole.style.width = "max-content";
    field.after(whole);
    const wanted = whole.offsetWidth;
    whole.remove();
    return [field.id, field.offsetWidth, wanted];
})"""


def test_no_choice_of_a_filter_is_cut_on_a_wide_screen(go, matti, valma):
    consent(matti, valma)
    page = go("customers:orders", who=valma)
    page.set_viewport_size({"width": 1366, "height": 768})
    found = page.locator(".filters select").evaluate_all(WIDTHS)
    assert {name for name, _has, _wanted in found} >= {"id_stage", "id_customer"}
    assert not [name for name, has, wanted in found if wanted > has], found

"""The pages of certificates in a browser: list, certificate, revoking, errors and afterwards."""

import re

import pytest

from certportal.dev.builders import orders
from tests.accessibility import check_in_turn
from tests.accessible.conftest import press

pytestmark = pytest.mark.django_db(transaction=True)


def test_certificates_before_and_after_they_are_revoked(go, matti, riitta, cas):
    check_in_turn(go("certificates", who=matti))
    order = orders.delivered(matti, riitta, "test_server")
    check_in_turn(go("certificates", who=matti))
    for name in ("order", "certificate", "install"):
        page = go(f"applications:{name}", order.pk, who=matti)
        printed = page.locator(".stages__dot, .timeline__step, .timeline__step > .icon")
        told = printed.evaluate_all(
            "all => all.map((one) => getComputedStyle(one).printColorAdjust)"
        )
        assert set(told) == ({"exact"} if name != "install" else set()), "done, also on paper"
        check_in_turn(page)
        offers = page.locator("h2.unprinted, .unprinted a")
        assert (offers.count() > 1) == (name == "order")
        page.emulate_media(media="print")
        assert not any(one.is_visible() for one in offers.all())
        page.emulate_media(media="screen")
    check_in_turn(go("applications:certificate", order.pk, who=matti, query="?hash=00"))
    for query in ("", "?stage=all", "?q=nothing"):
        check_in_turn(go("applications:orders", who=matti, query=query))
    page = go("applications:revoke", order.pk, who=matti)
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    page.locator("input[name=reason][value=cessation_of_operation]").check()
    page.locator("input[name=understood]").check()
    press(page)
    page.wait_for_url(f"**/{order.pk}/")
    check_in_turn(page)
    check_in_turn(go("applications:revoke", order.pk, who=matti))
    for name in ("certificates", "home"):
        check_in_turn(go(name, who=matti))


def test_an_order_with_its_certificate_takes_two_screens(go, matti, riitta, cas):
    order = orders.with_csr(matti)
    orders.name_contact(matti, order, orders.CONTACT)
    orders.submit(matti, order)
    orders.finish(matti, riitta, order)
    page = go("applications:order", order.pk, who=matti)
    page.set_viewport_size({"width": 1366, "height": 900})
    end = page.locator(".page").evaluate("one => one.getBoundingClientRect().bottom + scrollY")
    assert end < 2 * 900


def test_a_reviewer_who_revokes(go, matti, riitta, cas):
    order = orders.delivered(matti, riitta)
    page = go("console:revoke", order.pk, who=riitta)
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    page.locator("input[name=reason][value=key_compromise]").check()
    page.locator("[name=words]").fill("Avain löytyi verkosta.")
    page.locator("input[name=understood]").check()
    press(page)
    page.wait_for_url(f"**/{order.pk}/")
    check_in_turn(go("console:revoke", order.pk, who=riitta))


def test_two_reviewers_who_revoke(go, matti, riitta, raimo, cas):
    order = orders.delivered(matti, riitta)
    page = go("console:revoke", order.pk, who=riitta)
    page.locator("input[name=reason][value=privilege_withdrawn]").check()
    page.locator("[name=words]").fill("Yksikkö on poistettu rekisteristä.")
    page.locator("input[name=understood]").check()
    press(page)
    page.wait_for_url(f"**/{order.pk}/")
    check_in_turn(page)
    check_in_turn(go("console:queue", who=raimo))
    check_in_turn(go("console:case", order.pk, who=raimo))
    for name in ("console:revocation", "console:decline_revocation"):
        page = go(name, order.pk, who=raimo)
        check_in_turn(page)
        press(page)
        page.wait_for_selector(".field__error")
        check_in_turn(page)
    check_in_turn(go("console:revocation", order.pk, who=riitta))


def test_the_holder_of_a_key(go, db):
    page = go("revoke_by_key")
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    page.locator("[name=text]").fill(orders.openssl_csr().decode())
    press(page)
    page.wait_for_url(re.compile("/revoke-by-key/[^/]{43}/$"))  # "revoke_by_key_sign"
    page.locator("summary").first.click()
    check_in_turn(page)
    page.locator("[name=text]").fill("AAAA")
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    check_in_turn(go("revoke_by_key_sign", "x" * 43))
    check_in_turn(go("revoked_by_key"))
    page = go("revoke_by_key")
    page.locator("[name=text]").fill("-----BEGIN PRIVATE KEY-----")
    press(page)
    page.wait_for_selector(".notice--error")
    check_in_turn(page)

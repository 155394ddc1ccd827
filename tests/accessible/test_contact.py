"""The technical contact's pages, by a link and as a member; the applicant's view of the link."""

import pytest

from applications import services
from applications.workflow import Role
from certportal.dev.builders import orders, people, proposed_names
from certportal.dev.builders.orders import CONTACT
from tests.accessibility import check_in_turn
from tests.accessible.conftest import press

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(matti):
    """An order that waits for the request of Teemu, a technical member as well."""
    made = orders.draft(matti)
    contact = CONTACT | {"technical_email": "teemu@example.fi"}
    orders.name_contact(matti, made, contact)
    seen = orders.Handler(matti, made).seen
    services.save_section(made.pk, "csr", {"csr_by": "technical_contact"}, **seen)
    orders.submit(matti, made)
    return made


@pytest.fixture
def token(order):
    return order.contact_links.get().token


def test_the_way_of_the_link(go, watched, order, token, matti, riitta, cas):
    check_in_turn(go("contact:landing", token))
    check_in_turn(go("contact:not_mine", token))
    go("contact:landing", token)
    press(watched)
    watched.wait_for_url("**/order/")
    check_in_turn(watched)
    watched.locator("main .actions a").first.click()
    watched.wait_for_url("**/csr/")  # contact:csr
    watched.locator("summary").first.click()
    check_in_turn(watched)
    press(watched)
    check_in_turn(watched)
    watched.locator("input[name=how][value=text]").check()
    watched.locator("textarea[name=text]").fill(orders.openssl_csr().decode())
    press(watched)
    watched.wait_for_url("**/csr/*-*/")  # contact:preview
    check_in_turn(watched)
    press(watched)
    watched.wait_for_url("**/order/")  # contact:order
    check_in_turn(watched)
    orders.finish(matti, riitta, order)
    watched.reload()
    watched.locator("main .actions a").first.click()
    watched.wait_for_url("**/install/")  # contact:install
    check_in_turn(watched)


def test_host_names_left_to_the_contact(go, watched, matti):
    """Proposed by the link, in error too; sent back; then confirmed."""
    order = proposed_names.left(matti)
    token = order.contact_links.get().token
    go("contact:landing", token)
    press(watched)
    watched.wait_for_url("**/order/")
    check_in_turn(watched)
    watched.locator("main .actions a").first.click()
    watched.wait_for_url("**/csr/")
    check_in_turn(watched)
    watched.locator("input[name=how][value=text]").check()
    watched.locator("textarea[name=text]").fill(orders.openssl_csr().decode())
    press(watched)
    watched.wait_for_url("**/csr/*-*/")
    check_in_turn(watched)
    watched.locator("[name=host_names]").fill("palvelin.local")
    press(watched)
    watched.wait_for_selector(".field__error")
    check_in_turn(watched)
    watched.locator("[name=host_names]").fill("erecept.example.fi\nuusi.example.fi")
    press(watched)
    watched.wait_for_url("**/order/")
    check_in_turn(watched)
    check_in_turn(go("applications:order", order.pk, who=matti))
    check_in_turn(go("applications:check", order.pk, who=matti))
    check_in_turn(go("applications:return_names", order.pk, who=matti))
    press(watched)
    watched.wait_for_selector(".field__error")
    check_in_turn(watched)
    proposed_names.send_back(matti, order)
    check_in_turn(go("applications:order", order.pk, who=matti))
    proposed_names.confirm(matti, proposed_names.propose(order))
    check_in_turn(go("applications:sent", order.pk, who=matti))


def test_another_browser_and_the_end(go, watched, order, token):
    go("contact:landing", token)
    press(watched)
    watched.wait_for_url("**/order/")
    go("contact:landing", token)
    press(watched)
    watched.wait_for_load_state()
    check_in_turn(watched)
    order.contact_links.update(revoked_at=order.changed_at)
    check_in_turn(go("contact:landing", token))


def test_this_is_not_mine(go, watched, token):
    go("contact:not_mine", token)
    press(watched)
    watched.wait_for_load_state()
    check_in_turn(watched)


def test_the_applicant_s_side(go, order, matti):
    check_in_turn(go("applications:order", order.pk, who=matti))
    check_in_turn(go("applications:rename_contact", order.pk, who=matti))


def test_a_technical_member(go, order, matti, teemu, riitta, cas):
    check_in_turn(go("home", who=teemu))
    check_in_turn(go("technical:order", order.pk, who=teemu))
    check_in_turn(go("technical:csr", order.pk, who=teemu))
    actor = people.actor_for(teemu)
    now = orders.Handler(teemu, order).seen["now"]
    csr = services.upload_csr(order.pk, orders.openssl_csr(), actor=actor, now=now)
    check_in_turn(go("technical:preview", order.pk, csr.pk, who=teemu))
    seen = orders.Handler(teemu, order).seen
    services.attach_csr(order.pk, csr.pk, role=Role.TECHNICAL_CONTACT, **seen)
    check_in_turn(go("technical:order", order.pk, who=teemu))
    orders.finish(matti, riitta, order)
    check_in_turn(go("technical:install", order.pk, who=teemu))

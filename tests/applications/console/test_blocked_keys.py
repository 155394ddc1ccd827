"""Certificates in force with a blocked key are reviewers' work until they are revoked."""

from datetime import timedelta

import pytest

from accounts.access import actor_for
from applications import services
from applications.services.reviewer.may_act import KeyBlocked
from applications.workflow import Status
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance import services as authority
from issuance.models import BlockedKey, Certificate
from tests.applications.console.conftest import Desk

OPERATOR = system("block_keys")
LINK = "Certificates in force with a blocked key"


def block(reason="published"):
    """An operator brings in a list with the certificate's key and one that nobody has."""
    keys = [Certificate.objects.get().spki_sha256, "ab" * 32]
    authority.import_keys(keys, reason, actor=OPERATOR, now=clock.now())


def listed(desk):
    return [row.shown.certificate for row in desk.open("blocked_keys").context["rows"]]


def test_the_list_says_whose_since_when_and_why_and_leads_to_revoking(desk, order):
    block()
    page = desk.open("blocked_keys")
    assert Certificate.objects.get().serial in page.text
    assert order.organisation.name in page.text
    assert order.number in page.text
    assert "The key is on a list of keys that others have." in page.text
    assert desk.url("revoke", order.pk) in page.text
    assert desk.count_in_bar("blocked_keys") == 1


@pytest.mark.parametrize(
    ("reason", "words"),
    [("key_compromise", "in other hands"), ("private_key_uploaded", "sent to the service")],
)
def test_another_source_is_told_as_what_it_is(desk, order, reason, words):
    block(reason)
    assert words in desk.open("blocked_keys").context["rows"][0].source


def test_one_key_blocked_by_itself_is_there_too(desk, order):
    key = Certificate.objects.get().spki_sha256
    authority.block_key(key, "key_compromise", actor=OPERATOR, now=clock.now())
    assert listed(desk) == [Certificate.objects.get()]


def test_revoked_it_leaves_the_list_and_the_queue(desk, order):
    block()
    filled = {"reason": "key_compromise", "words": "Julkaistu avain.", "understood": "on"}
    desk.press("revoke", order, **filled)
    assert listed(desk) == []
    assert "No certificate in force has a blocked key." in desk.open("blocked_keys").text
    assert LINK not in desk.open("queue").text


def test_a_proven_key_leaves_no_work_since_its_certificates_are_revoked_at_once(desk, order):
    key = Certificate.objects.get().spki_sha256
    authority.revoke_key(key, "key_compromise", actor=OPERATOR, now=clock.now())
    assert listed(desk) == []


def test_a_certificate_that_has_ended_needs_no_revoking(order):
    block()
    end = Certificate.objects.get().not_after
    assert authority.blocked_in_force(now=end).count() == 1
    assert authority.blocked_in_force(now=end + timedelta(seconds=1)).count() == 0


def test_another_order_s_certificate_is_not_listed(matti, riitta, order, desk):
    block()
    other = orders.delivered(matti, riitta)
    assert [one.reference for one in listed(desk)] == [order.pk]
    assert other.number not in desk.open("blocked_keys").text


def test_long_after_the_list_came_only_keys_with_certificates_are_looked_for(desk, order):
    block()
    authority.settle_blocked_keys(now=clock.now())
    assert BlockedKey.objects.filter(may_be_certified=True).count() == 2
    authority.settle_blocked_keys(now=clock.now() + timedelta(days=2))
    key = Certificate.objects.get().spki_sha256
    assert BlockedKey.objects.get(may_be_certified=True).spki_sha256 == key
    assert listed(desk) == [Certificate.objects.get()]


def test_a_certificate_that_came_back_late_is_found_the_next_day(desk, order):
    block()
    BlockedKey.objects.update(may_be_certified=False)
    assert listed(desk) == []
    authority.settle_blocked_keys(now=clock.now() + timedelta(days=2))
    assert listed(desk) == [Certificate.objects.get()]


def test_the_keys_themselves_are_listed_with_who_blocked_them(desk, order, riitta):
    key = Certificate.objects.get().spki_sha256
    block()
    assert ["The service"] * 2 == [one.who for one in blocked(desk)]
    authority.block_key("cd" * 32, "key_compromise", actor=actor_for(riitta), now=clock.now())
    newest = blocked(desk)[0]
    assert (newest.key.spki_sha256, newest.who) == ("cd" * 32, "Riitta Ratkaisija")
    (found,) = blocked(desk, q=f"{key[:2]}:{key[2:9]}".upper())
    assert found.key.spki_sha256 == key
    assert blocked(desk, q="ef") == []
    assert desk.url("key", key) in desk.open("blocked_keys").text


def test_the_list_of_keys_goes_on_by_pages(desk, sample):
    keys = [f"{n:064x}" for n in range(30)]
    authority.import_keys(keys, "published", actor=OPERATOR, now=clock.now())
    first = desk.open("blocked_keys")
    rest = blocked(desk, before=first.context["older"])
    assert len(first.context["keys"]) + len(rest) == 30


def blocked(desk, **query):
    return desk.open("blocked_keys", **query).context["keys"]


def block_key_of(case):
    keys = [case.csr.spki_sha256]
    authority.import_keys(keys, "published", actor=OPERATOR, now=clock.now())


def test_a_case_whose_key_was_blocked_after_the_checks_says_so_and_is_not_approved(
    desk, ready, riitta
):
    assert not desk.open("case", ready.pk).context["obstacles"]
    block_key_of(ready)
    case = desk.open("case", ready.pk)
    assert "it is on the list of blocked keys" in case.text
    items = {item.label: item for item in case.context["checklist"]}
    assert (items["Key"].mark, items["Key"].text) == ("wrong", "EC P-256, blocked")
    assert items["Register"].mark == "done"
    with pytest.raises(KeyBlocked, match="list of blocked keys"):
        orders.press_approve(riitta, ready)
    ready.refresh_from_db()
    assert ready.status == Status.IN_REVIEW


def test_prepared_again_its_certificate_is_refused_by_the_authority(ready, riitta):
    block_key_of(ready)
    services.claim(ready.pk, person=riitta, **orders.Handler(riitta, ready).seen)
    orders.drain()
    assert orders.prepared(ready).state == "refused"


def test_an_approved_order_with_a_blocked_key_returns_to_review(ready, riitta):
    orders.press_approve(riitta, ready)
    block_key_of(ready)
    orders.drain()
    ready.refresh_from_db()
    assert ready.status == Status.IN_REVIEW
    assert ready.findings[0]["rule"] == "key.blocked"
    assert not Certificate.objects.exists()


def test_applicants_do_not_see_it(matti, order):
    block()
    assert Desk(matti).open("blocked_keys").status_code == 404

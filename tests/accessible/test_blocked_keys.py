"""The list of certificates with a blocked key, in a browser, in three languages and two widths."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance import services as authority
from issuance.models import BlockEnding, Certificate
from tests.accessibility import check_in_turn
from tests.accessible.conftest import press
from tests.issuance.orders import new_key

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_list_empty_and_with_work(go, matti, riitta, cas):
    check_in_turn(go("console:blocked_keys", who=riitta))
    orders.delivered(matti, riitta)
    keys = [Certificate.objects.get().spki_sha256]
    authority.import_keys(keys, "published", actor=system("block_keys"), now=clock.now())
    check_in_turn(go("console:queue", who=riitta))
    check_in_turn(go("console:blocked_keys", who=riitta))


def test_keys_are_given_looked_at_and_blocked(go, matti, riitta, cas):
    orders.delivered(matti, riitta)
    waiting = orders.in_review(matti)
    check_in_turn(go("console:key", waiting.csr.spki_sha256, who=riitta))
    page = go("console:block_keys", who=riitta)
    check_in_turn(page)
    page.fill("[name=text]", "abc")
    press(page)
    page.wait_for_selector(".error-summary")
    check_in_turn(page)
    keys = [Certificate.objects.get().spki_sha256, waiting.csr.spki_sha256, "ab" * 32]
    page.fill("[name=text]", "\n".join(keys))
    press(page)
    page.wait_for_selector("[name=known_from]")
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    page.check("[name=reason][value=published]")
    page.fill("[name=known_from]", "Kyberturvallisuuskeskus, tapaus 2026-118")
    press(page)
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)
    check_in_turn(go("console:key", waiting.csr.spki_sha256, who=riitta))


def test_a_block_by_mistake_is_ended_by_two(go, matti, riitta, raimo, cas):
    orders.delivered(matti, riitta)
    keys = [Certificate.objects.get().spki_sha256, "ab" * 32]
    authority.import_keys(keys, "published", actor=system("block_keys"), now=clock.now())
    page = go("console:end_block", keys[1], who=riitta)
    check_in_turn(page)
    page.check("[name=scope][value=list]")
    press(page)
    page.wait_for_selector(".error-summary")
    check_in_turn(page)
    page.fill("[name=words]", "Tuotu väärä luettelo.")
    press(page)
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)
    (ending,) = BlockEnding.objects.all()
    check_in_turn(go("console:block_ending", ending.pk, who=riitta))
    check_in_turn(go("console:blocked_keys", who=raimo))
    page = go("console:block_ending", ending.pk, who=raimo)
    check_in_turn(page)
    page.click("main .button--danger")
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)
    check_in_turn(go("console:key", keys[1], who=raimo))


def test_a_private_key_among_the_keys(go, riitta, sample):
    page = go("console:block_keys", who=riitta)
    page.fill("[name=text]", private_key())
    press(page)
    page.wait_for_selector(".notice--error")
    check_in_turn(page)


def private_key():
    plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return new_key().private_bytes(*plain).decode()

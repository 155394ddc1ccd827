"""A reviewer blocks keys that were reported: sees what it would hit, says why, and blocks them."""

import re
from datetime import timedelta
from functools import partial
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.access import actor_for
from accounts.services.rights import staff_roles
from applications import services
from applications.services.reviewer.block_keys import SourceMissing
from applications.services.reviewer.may_act import KeyBlocked
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event, OutboxItem
from issuance.csr import MAX_BYTES
from issuance.keys.policy import spki_sha256
from issuance.models import BlockedKey, Certificate
from issuance.services.errors import NotReviewer, UnknownReason
from issuance.services.exposed_keys.given_keys import LARGEST
from tests.applications.at_once import at_once
from tests.applications.console.conftest import Desk
from tests.issuance.csr.builder import rsa_key, rsa_key_with, spki_of
from tests.issuance.orders import make_csr, new_key

FIRST, SECOND = "ab" * 32, "0f" * 32
WHY = {"reason": "published", "known_from": "Kyberturvallisuuskeskus, tapaus 2026-118"}


def give(desk, text="", file=None):
    """Give the keys; the page shows what blocking them would hit, or why it cannot."""
    data = {"text": text} | ({"file": SimpleUploadedFile("keys", file)} if file else {})
    return desk.client.post(desk.url("block_keys"), data)


def block(desk, keys, **values):
    """Press the second button."""
    return desk.client.post(desk.url("block_keys"), {"keys": keys} | WHY | values, follow=True)


def spki(key):
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def read(page):
    """Return the keys that the page of the second press would block."""
    (keys,) = re.findall(r'name="keys" value="([0-9a-f]*)"', page.text)
    return re.findall("[0-9a-f]{64}", keys)


@pytest.fixture
def key():
    return new_key()


@pytest.fixture
def order(matti, riitta, cas, key):
    """An order whose certificate, for the key, is delivered."""
    return orders.delivered(matti, riitta, csr=make_csr(key, "erecept.example.fi"))


def test_a_list_is_shown_before_anything_changes_and_then_blocked(desk, sample, riitta):
    page = give(desk, f"# CERT\n{FIRST.upper()}\n\n{':'.join(['0F'] * 32)}  # second\n{FIRST}\n")
    assert read(page) == [FIRST, SECOND]
    assert not BlockedKey.objects.exists()
    answer = block(desk, "".join(read(page)))
    assert "2 keys were blocked. No certificate in force has such a key." in answer.text
    event = Event.objects.get(action="issuance.keys_imported")
    assert event.actor == f"person:{riitta.pk}"
    name = sha256("\n".join(["published", SECOND, FIRST]).encode()).hexdigest()
    assert event.data == WHY | {"read": 2, "new": 2, "lists": 1, "sha256": name}
    for shown in (answer.text, desk.open("key", FIRST).text):
        assert WHY["known_from"] in shown
        assert "Riitta Ratkaisija" in shown
    assert WHY["known_from"] in desk.open("events").text
    assert "Nothing was blocked: each key was blocked already." in block(desk, FIRST).text


def test_spaces_between_the_octets_and_a_file_are_read_too(desk, sample):
    assert read(give(desk, " ".join(["ab"] * 32))) == [FIRST]
    assert read(give(desk, file=b"\xef\xbb\xbf" + FIRST.encode() + b"\r\n")) == [FIRST]


def test_what_has_the_key_in_it_is_read_as_pem_and_der(desk, order, key):
    certificate = Certificate.objects.get()
    pem = x509.load_der_x509_certificate(bytes(certificate.der)).public_bytes(Encoding.PEM)
    for given in (pem, bytes(certificate.der), make_csr(key), spki(key)):
        assert read(give(desk, file=given)) == [certificate.spki_sha256]
    assert read(give(desk, pem.decode())) == [certificate.spki_sha256]


def test_it_names_the_certificates_it_would_hit_and_these_wait_to_be_revoked(desk, order, riitta):
    certificate = Certificate.objects.get()
    page = give(desk, f"{certificate.spki_sha256}\n{FIRST}")
    for known in (certificate.serial, order.number, order.organisation.name):
        assert known in page.text
    assert desk.url("certificate", order.pk) in page.text
    answer = block(desk, certificate.spki_sha256 + FIRST)
    assert "1 certificate in force has such a key and waits to be revoked." in answer.text
    certificate.refresh_from_db()
    assert certificate.state == "issued"
    assert desk.count_in_bar("blocked_keys") == 1
    (news,) = OutboxItem.objects.filter(topic="key.blocked")
    assert news.payload == {"spki_sha256": certificate.spki_sha256}


def test_a_reviewer_of_the_organisation_may_block_its_key_as_they_may_revoke(matti, order, now):
    staff_roles.grant_reviewer(matti, by=None, actor=system("test"), now=now)
    answer = block(Desk(matti), Certificate.objects.get().spki_sha256)
    assert "1 key was blocked." in answer.text


def test_keys_blocked_before_are_counted_apart(desk, sample, riitta):
    block(desk, FIRST)
    context = give(desk, f"{FIRST}\n{SECOND}").context
    assert (context["read"], context["new"], context["known"]) == (2, 1, 1)


def test_an_order_under_way_is_named_and_not_approved_afterwards(desk, ready, riitta):
    blocked = ready.csr.spki_sha256
    page = give(desk, blocked)
    for known in (ready.number, ready.organisation.name, "Riitta Ratkaisija"):
        assert known in page.text
    block(desk, blocked)
    with pytest.raises(KeyBlocked):
        orders.press_approve(riitta, ready)


def test_a_wrong_line_is_named_and_nothing_typed_is_lost(desk, sample):
    for wrong in (FIRST[:-1], f"{SECOND}  server.crt", "abc"):
        page = give(desk, f"{FIRST}\n{wrong}\n")
        assert "Line 2 is not a SHA-256 of 64 hexadecimal digits. Correct" in page.text
        assert FIRST in page.text
        assert wrong in page.text
    assert "Line 1 is not" in give(desk, FIRST[:-1]).text
    assert SECOND in give(desk, file=f"{SECOND}\nx\n".encode()).text
    assert not BlockedKey.objects.exists()


def test_what_has_no_key_or_several_is_refused(desk, sample, key):
    for nothing in ("# only a comment", "-----BEGIN CERTIFICATE-----\nMIIB"):
        assert "We found no key in this." in give(desk, nothing).text
    assert "We found no key in this." in give(desk, file=b"\x30\x82\xff\xff").text
    assert "Choose a file or paste the keys as text." in give(desk).text
    two = [
        each.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for each in (key, new_key())
    ]
    assert "There is more than one key in this." in give(desk, file=b"".join(two)).text


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_private_key_is_kept_nowhere_and_its_certificate_revoked(desk, order, key, encoding):
    private = key.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption())
    page = give(desk, file=private)
    assert "What you gave contains a private key" in page.text
    assert desk.url("key", spki_sha256(spki(key))) in page.text
    assert Certificate.objects.get().revocation_reason == "key_compromise"
    assert BlockedKey.objects.get().reason == "private_key_uploaded"


def test_a_private_key_that_was_pasted_is_not_shown_again(desk, order, key):
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    page = give(desk, f"{FIRST}\n{private}")
    assert "What you gave contains a private key" in page.text
    assert private.splitlines()[1] not in page.text
    assert Certificate.objects.get().revocation_reason == "key_compromise"
    assert not BlockedKey.objects.filter(spki_sha256=FIRST).exists()


def test_a_private_key_in_hexadecimal_is_no_list_of_hashes(desk, order, key):
    digits = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()).hex()
    lines = "\n".join(digits[at : at + 64] for at in range(0, len(digits), 64))
    assert "What you gave contains a private key" in give(desk, lines).text
    assert Certificate.objects.get().revocation_reason == "key_compromise"


def test_the_words_are_asked_for_and_the_keys_stay(desk, sample):
    page = block(desk, FIRST, reason="", known_from=" ")
    assert "Choose why the keys are blocked." in page.text
    assert "Write where it is known from." in page.text
    assert read(page) == [FIRST]
    page = block(desk, FIRST, reason="private_key_uploaded")
    assert read(page) == [FIRST]
    assert WHY["known_from"] in page.text
    assert not BlockedKey.objects.exists()


def test_keys_that_the_page_did_not_write_are_asked_for_again(desk, sample):
    assert block(desk, "xyz").templates[0].name == "applications/console/block_keys.html"
    assert not BlockedKey.objects.exists()


def test_the_largest_list_is_read_and_blocked_and_a_larger_one_refused(desk, sample):
    hashes = [f"{number:064x}" for number in range(LARGEST // 65)]
    largest = "\n".join(hashes).encode()
    keys = "".join(read(give(desk, file=largest)))
    assert f"{len(hashes)} keys were blocked." in block(desk, keys).text.replace(",", "")
    assert BlockedKey.objects.count() == len(hashes)
    page = give(desk, file=largest + b"\n" * (LARGEST - len(largest) + 1))
    assert "The file must be at most 1024 kB. Divide the list" in page.text
    assert "at most 64 kB" in give(desk, "\n" * MAX_BYTES + FIRST).text


def test_an_old_second_factor_blocks_nothing_and_keeps_what_was_written(desk, sample):
    desk.confirm(clock.now() - timedelta(minutes=16))
    assert desk.open("block_keys").status_code == 302
    page = block(desk, FIRST)
    assert not BlockedKey.objects.exists()
    assert read(page) == [FIRST]
    assert WHY["known_from"] in page.text
    assert "Confirm that it is you" in page.text
    desk.confirm()
    assert "1 key was blocked." in block(desk, FIRST).text


def test_an_auditor_reads_and_blocks_nothing(sample, now):
    anneli = Desk(people.make_auditor("Anneli Auditoija", now=now))
    assert anneli.url("block_keys") not in anneli.open("blocked_keys").text
    assert give(anneli, FIRST).status_code == 403
    assert block(anneli, FIRST).status_code == 403
    assert not BlockedKey.objects.exists()


def test_the_service_itself_refuses_others_and_what_nobody_states(desk, matti, riitta, sample, now):
    for person, changed, refusal in (
        (matti, {}, NotReviewer),
        (riitta, {"reason": "private_key_uploaded"}, UnknownReason),
        (riitta, {"known_from": " "}, SourceMissing),
    ):
        by = {"person": person, "actor": actor_for(person), "now": now}
        with pytest.raises(refusal):
            services.block_keys([FIRST], **WHY | changed, **by)
    assert not BlockedKey.objects.exists()
    assert give(Desk(matti), FIRST).status_code == 404


def test_the_page_of_a_key_without_certificate_leads_to_blocking_it(desk, waiting):
    key = waiting.csr.spki_sha256
    place = f"{desk.url('block_keys')}?key={key}"
    assert place in desk.open("key", key).text
    assert key in desk.client.get(place).text
    block(desk, key)
    assert place not in desk.open("key", key).text


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_who_bring_the_same_list_at_once_block_each_key_once(riitta, raimo):
    hashes = [f"{number:064x}" for number in range(20_000)]

    def bring(person, listed):
        by = {"person": person, "actor": actor_for(person), "now": clock.now()}
        services.block_keys(listed, **WHY, **by)

    works = [partial(bring, riitta, hashes), partial(bring, raimo, hashes[::-1])]
    assert at_once(*works, refusals=OSError) == ["done", "done"]
    counted = [one.data["new"] for one in Event.objects.filter(action="issuance.keys_imported")]
    assert sum(counted) == len(hashes) == BlockedKey.objects.count()


def test_a_key_of_an_unusual_exponent_is_blocked_with_the_usual_one_too(desk):
    """Whoever knows the private key of a modulus with one exponent knows it with any other."""
    unusual = spki_of(rsa_key_with(65539))
    page = give(desk, file=unusual)
    assert read(page) == [spki_sha256(unusual), spki_sha256(spki_of(rsa_key()))]

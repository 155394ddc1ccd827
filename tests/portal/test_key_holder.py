"""Revocation by the holder of the key: no login, and nothing told about what was issued."""

import html
import re
import subprocess

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from accounts.access import actor_for
from applications import checks, services
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.models import Event
from issuance.models import BlockedKey, Certificate, KeyChallenge
from issuance.services.exposed_keys import revoke_by_key

PAGE = "/en/revoke-by-key/"
DONE = f"{PAGE}done/"

pytestmark = pytest.mark.django_db


def openssl(*arguments, stdin=b""):
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout


@pytest.fixture
def key(tmp_path):
    """A private key in a file."""
    openssl(
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-out",
        tmp_path / "key.pem",
    )
    return tmp_path / "key.pem"


@pytest.fixture
def ours(key, matti, riitta, cas):
    """A delivered order for the key."""
    names = ["-subj", "/CN=erecept.example.fi", "-addext", "subjectAltName=DNS:erecept.example.fi"]
    csr = openssl("req", "-new", "-key", key, *names)
    made = orders.delivered(matti, riitta, csr=csr)
    mail.outbox.clear()
    return made


def pem():
    return openssl("x509", "-inform", "DER", stdin=bytes(Certificate.objects.get().der)).decode()


def public(key):
    return openssl("pkey", "-in", key, "-pubout").decode()


def begin(client, text, page=PAGE):
    """Give the certificate; return the address of the page with the line."""
    answer = client.post(page, {"text": text})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def signed(client, key, place):
    """Sign the line that the page shows, as the page's own commands do."""
    line = client.get(f"{place}line.txt").content
    shown = re.search(r'id="line">([^<]+)<', client.get(place).text)[1]
    assert html.unescape(shown).encode() == line
    return openssl("base64", stdin=openssl("dgst", "-sha256", "-sign", key, stdin=line)).decode()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_anybody_may_open_the_page_and_gets_no_cookie(client, language):
    page = client.get(f"/{language}/revoke-by-key/")
    assert page.status_code == 200
    assert not page.cookies
    for place in (f"/{language}/contact/", f"/{language}/"):
        assert f'href="/{language}/revoke-by-key/"' in client.get(place).text


def test_the_certificate_falls_at_once_with_one_signature(client, ours, key):
    client = Client(enforce_csrf_checks=True)
    place = begin(client, pem())
    answer = client.post(place, {"text": signed(client, key, place)})
    assert (answer.status_code, answer["Location"]) == (302, DONE)
    certificate = Certificate.objects.get()
    assert (certificate.state, certificate.revocation_reason) == ("revoked", "key_compromise")
    assert BlockedKey.objects.get().spki_sha256 == certificate.spki_sha256
    assert not client.cookies


def test_the_signature_may_come_as_a_file(client, ours, key):
    place = begin(client, public(key))
    line = client.get(f"{place}line.txt").content
    signature = openssl("dgst", "-sha256", "-sign", key, stdin=line)
    client.post(place, {"file": SimpleUploadedFile("signature.bin", signature)})
    assert Certificate.objects.get().state == "revoked"


def test_the_organisation_and_the_reviewers_are_told(client, ours, key):
    place = begin(client, pem())
    client.post(place, {"text": signed(client, key, place)})
    orders.drain()
    bodies = {one.to[0]: one.body for one in mail.outbox}
    assert {"matti@example.fi", "tekniikka@example.fi", "riitta@example.fi"} <= bodies.keys()
    serial = Certificate.objects.get().serial
    assert serial in bodies["riitta@example.fi"]
    assert ours.number in bodies["riitta@example.fi"]
    assert "osoitti sen meille" in bodies["matti@example.fi"]


def test_the_account_says_how_it_came_about(client, ours, key, matti):
    place = begin(client, pem())
    client.post(place, {"text": signed(client, key, place)})
    page = people.log_in(Client(), matti).get(f"/en/orders/{ours.pk}/")
    assert "Whoever holds the private key proved it to us" in page.text


def test_known_and_unknown_keys_are_answered_alike(client, ours, key, tmp_path):
    other = tmp_path / "other.pem"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", other)
    seen = []
    for one in (key, other):
        place = begin(client, public(one))
        shown = client.get(place)
        wrong = client.post(place, {"text": "AAAA"})
        right = client.post(place, {"text": signed(client, one, place)})
        again = client.get(place)
        said = client.get(right["Location"])
        pages = [shown, wrong, right, again, said]
        token = place.rstrip("/").rpartition("/")[2]
        seen.append([(page.status_code, page.text.replace(token, "")) for page in pages])
    assert without_times(seen[0]) == without_times(seen[1])


def without_times(pages):
    return [(code, re.sub(r"\d\d?[.:]\d\d", "", text)) for code, text in pages]


def test_a_wrong_signature_is_told_and_may_be_mended(client, ours, key):
    place = begin(client, pem())
    page = client.post(place, {"text": "AAAA"})
    assert "The signature does not match." in page.text
    assert Certificate.objects.get().state == "issued"
    client.post(place, {"text": signed(client, key, place)})
    assert Certificate.objects.get().state == "revoked"


def test_a_line_that_is_over_leads_to_the_beginning(client, key):
    place = begin(client, public(key))
    KeyChallenge.objects.update(created_at=clock.now(), expires_at=clock.now())
    page = client.get(place)
    assert page.status_code == 410
    assert "Begin again to get a new one." in page.text
    assert 'name="file"' in page.text
    assert client.get(f"{place}line.txt").status_code == 410


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "Choose a file or paste the certificate."),
        ("not a certificate", "We found no certificate"),
    ],
)
def test_what_is_no_certificate_is_told(client, given, words):
    page = client.post(PAGE, {"text": given})
    assert page.status_code == 200
    summary = page.text.partition('class="error-summary"')[2].partition("</div>")[0]
    assert words in summary


def test_a_private_key_is_refused_kept_nowhere_and_exposed(client, ours, key):
    page = client.post(PAGE, {"text": key.read_text()})
    assert "contains a private key" in page.text
    assert Certificate.objects.get().spki_sha256 in page.text
    assert "If a valid certificate has this key, it has been revoked" in page.text
    assert Certificate.objects.get().serial not in page.text
    assert Certificate.objects.get().revocation_reason == "key_compromise"
    assert not KeyChallenge.objects.exists()
    line = key.read_text().splitlines()[1]
    assert line not in page.text
    assert line not in str(list(Event.objects.values_list("data", flat=True)))


def test_a_private_key_given_as_the_proof_is_exposed_too(client, ours, key):
    place = begin(client, pem())
    page = client.post(place, {"text": key.read_text()})
    assert Certificate.objects.get().revocation_reason == "key_compromise"
    assert key.read_text().splitlines()[1] not in page.text
    assert "If a valid certificate has this key, it has been revoked" in page.text


@pytest.mark.usefixtures("still")
def test_one_address_is_asked_to_wait(client, key, monkeypatch):
    monkeypatch.setattr(revoke_by_key, "MOST", 1)
    begin(client, public(key))
    for given in (
        {"text": public(key)},
        {"file": SimpleUploadedFile("a.pem", public(key).encode())},
    ):
        answer = client.post(PAGE, given)
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) > 0
        assert "You have tried too many times." in answer.text
        assert public(key).splitlines()[1] in html.unescape(answer.text)


@pytest.mark.usefixtures("still")
def test_beyond_the_limit_a_signature_stays_and_a_private_key_does_not(client, key, monkeypatch):
    place = begin(client, public(key))
    signature = signed(client, key, place)
    monkeypatch.setattr(revoke_by_key, "MOST", 0)
    answer = client.post(place, {"text": signature})
    assert answer.status_code == 429
    assert signature.splitlines()[0] in html.unescape(answer.text)
    file = SimpleUploadedFile("key.pem", key.read_bytes())
    for given in ({"file": file}, {"text": key.read_text()}):
        answer = client.post(PAGE, given)
        assert answer.status_code == 429
        assert key.read_text().splitlines()[1] not in html.unescape(answer.text)
    assert "This is a private key" in answer.text


def test_the_key_is_refused_ever_after_in_every_organisation(client, ours, key, kalle):
    place = begin(client, pem())
    client.post(place, {"text": signed(client, key, place)})
    csr = openssl("req", "-new", "-key", key, "-subj", "/CN=toinen.example.fi")
    doctor = client.post("/en/csr/", {"type": "server", "text": csr.decode()})
    assert "cannot be used" in doctor.text
    draft = orders.draft(kalle, unit="1.2.246.10.99000085.10.0")
    with pytest.raises(Exception, match="cannot be used"), translation.override("en"):
        services.upload_csr(draft.pk, csr, actor=actor_for(kalle), now=clock.now())


def test_blocked_after_it_was_sent_the_request_is_returned(client, key, kalle, cas):
    """The checks look again: a key can be blocked while the order waits."""
    csr = openssl("req", "-new", "-key", key, "-subj", "/CN=erecept.example.fi")
    waiting = orders.submitted(kalle, csr=csr, unit="1.2.246.10.99000085.10.0")
    place = begin(client, public(key))
    client.post(place, {"text": signed(client, key, place)})
    found = checks.run(waiting, now=clock.now())
    assert "key.blocked" in str(found)

"""The doctor for everybody: no login, nothing kept but the hash of a leaked key."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from applications.models import Csr
from certportal.dev.builders import orders
from certportal.foundation.models import Event, Tally
from issuance.csr import examination
from issuance.keys.policy import spki_sha256
from issuance.models import BlockedKey
from issuance.services import csr_check as doctor
from tests.issuance.csr.builder import (
    DNS,
    GOOD,
    alt_names,
    attribute,
    ec_key,
    name,
    pem,
    request,
    spki_of,
)
from tests.issuance.csr.private_keys import dump, zipped

CSR = pem(GOOD.der())
PAGE = "/en/csr/"

pytestmark = pytest.mark.django_db


def ask(client: Client, text: str = CSR, **more: object) -> str:
    answer = client.post(PAGE, {"type": "server", "text": text, **more})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_anybody_may_open_the_page_and_gets_no_cookie(client: Client, language: str) -> None:
    page = client.get(f"/{language}/csr/")
    assert page.status_code == 200
    assert not page.cookies
    assert f'href="/{language}/csr/"' in client.get(f"/{language}/").content.decode()


@pytest.mark.parametrize("place", ["csr", "revoke-by-key"])
def test_of_file_and_text_one_is_asked_and_neither_called_optional(
    client: Client, place: str
) -> None:
    page = client.get(f"/en/{place}/").content.decode()
    assert "Choose a file or paste the certificate" in page
    for way in ("file", "text"):
        label = page.partition(f'for="id_{way}"')[2].partition("</label>")[0]
        assert label
        assert "optional" not in label


def test_what_is_no_request_is_called_so_and_the_file_named(client: Client) -> None:
    called = "<b>" + 30 * "varmenne" + ".pem"
    page = ask(client, "", file=SimpleUploadedFile(called, b"hei"))
    title = page.partition("<h1>")[2].partition("</main>")[0]
    assert title.partition("</h1>")[0].strip() == "The file is not a certificate request"
    assert "&lt;b&gt;varmenne" in title
    assert 11 * "varmenne" not in page
    assert "The text is not a certificate request" in ask(client, "hei")
    refused = request(subject=name(attribute("CN", "a_b.fi")))
    assert "The certificate request cannot be used as it is" in ask(client, pem(refused))


def test_a_fault_of_two_names_that_are_the_same_is_told_once(client: Client) -> None:
    names = "a.example.fi,b.example.fi"
    subject, extensions = name(attribute("CN", names)), (alt_names((DNS, names)),)
    page = ask(client, pem(request(subject=subject, extensions=extensions)))
    assert page.count("has characters that are not allowed") == 1


def test_a_good_request_is_told_to_be_good_and_shown() -> None:
    client = Client(enforce_csrf_checks=True)
    page = ask(client)
    assert "The certificate request is OK" in page
    assert "resepti.mallisairaala.fi" in page
    assert spki_sha256(spki_of(ec_key())) in page


@pytest.mark.parametrize(
    "wrong",
    [{"type": ""}, {"type": "xx"}, {"organisation": 500 * "x"}, {"file": CSR}],
    ids=["no type", "no such type", "a long name", "beside a file"],
)
def test_a_private_key_in_a_form_that_is_not_examined_is_told_and_not_shown(
    client: Client, wrong: dict[str, str]
) -> None:
    if content := wrong.get("file"):
        wrong = wrong | {"file": SimpleUploadedFile("request.csr", content.encode())}
    page = ask(client, dump(ec_key()).decode(), **wrong)
    assert "This is a private key" in page
    assert "PRIVATE KEY-----" not in page


@pytest.mark.parametrize("field", ["organisation", "host_names"])
def test_a_private_key_in_another_field_is_told_and_not_shown(client: Client, field: str) -> None:
    page = ask(client, **{field: dump(ec_key()).decode()})
    assert "This is a private key" in page
    assert "PRIVATE KEY-----" not in page


def test_a_file_is_examined_like_text(client: Client) -> None:
    page = ask(client, "", file=SimpleUploadedFile("request.der", GOOD.der()))
    assert "The certificate request is OK" in page


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("hello", "There is no certificate request in this."),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA matti@kone", "This is an SSH public key"),
    ],
)
def test_pasted_text_that_is_no_request_is_not_called_a_file(
    client: Client, pasted: str, said: str
) -> None:
    page = ask(client, pasted)
    assert said in page
    assert "The file" not in page.partition("</h1>")[2].partition("<footer")[0]


def test_every_fault_is_told_at_once_in_the_readers_language(client: Client) -> None:
    bad = request(subject=name(attribute("O", "SÃ¤hkÃ¶"), attribute("CN", "palvelin_1.example.fi")))
    answer = client.post("/fi/csr/", {"type": "server", "text": pem(bad)})
    page = answer.content.decode()
    assert page.count("notice--error") >= 2
    assert "palvelin_1.example.fi" in page
    assert 'lang="fi"' in page


def test_the_type_decides_what_a_fault_is(client: Client) -> None:
    subject = name(attribute("CN", "a.example.fi"), attribute("emailAddress", "it@example.fi"))
    text = pem(request(subject=subject, extensions=()))
    assert "cannot be used" in ask(client, text)
    assert "The certificate request is OK" in ask(client, text, type="system_signature")


def test_commands_are_filled_in_with_the_names_given(client: Client) -> None:
    page = ask(client, organisation="Käpylän apteekki", host_names="a.example.fi\nb.example.fi")
    assert "O = Käpylän apteekki" in page
    assert "DNS.2 = b.example.fi" in page
    assert "The names are those you gave" in page


def test_names_that_no_certificate_can_carry_are_told_so(client: Client) -> None:
    page = ask(client, organisation="a" * 65, host_names="a.example.fi")
    assert "Shorten the name to at most 64 characters." in page


def test_the_names_given_are_compared_and_no_order_is_spoken_of(client: Client) -> None:
    page = ask(client, organisation="Käpylän apteekki", host_names="a.example.fi")
    assert "you gave “Käpylän apteekki”" in page
    assert "These host names that you gave are missing from the request: a.example.fi." in page
    assert "in the register" not in page
    assert "Compared with the order" not in page


def test_without_names_the_reader_is_told_how_to_get_commands(client: Client) -> None:
    page = ask(client)
    assert "openssl req" not in page
    assert "we will write the commands" in page


def test_nothing_given_is_an_error_of_the_form(client: Client) -> None:
    answer = client.post(PAGE, {"type": "server", "text": ""})
    assert answer.context["form"].errors == {
        "file": [
            "Choose a file or paste the certificate request. If you have none yet, give only the"
            " names below: you get the commands that make it."
        ]
    }
    assert "error-summary" in answer.text


def test_who_has_no_request_yet_gets_the_commands_for_the_names(client: Client) -> None:
    page = ask(client, "", organisation="Käpylän apteekki", host_names="a.example.fi")
    assert "O = Käpylän apteekki" in page
    assert "openssl req -new -sha256 -config a.example.fi.cnf" in page
    assert "cannot be used" not in page


def test_who_has_no_request_and_half_of_the_names_is_asked_for_one(client: Client) -> None:
    half = {"type": "server", "organisation": "Käpylän apteekki"}
    assert "file" in client.post(PAGE, half).context["form"].errors


def without_type(client: Client, data: bytes) -> str:
    """Return the text that the page shows when the file came without the request's purpose."""
    answer = client.post(PAGE, {"file": SimpleUploadedFile("request", data)})
    assert "type" in answer.context["form"].errors
    return str(answer.context["form"]["text"].value() or "")


def test_a_plain_request_is_shown_as_text_where_the_purpose_was_not_said(client: Client) -> None:
    der = GOOD.der()
    assert without_type(client, der) == pem(der)
    assert without_type(client, b"The request:\r\n" + CSR.encode()) == CSR
    for other in (CSR + CSR, CSR + dump(ec_key()).decode(), CSR + "\n" * 65536):
        assert without_type(client, other.encode()) == ""


def test_without_the_purpose_no_file_is_examined(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The examination takes long; who repeats it is asked to wait only where it is counted."""
    opened: list[bytes] = []
    monkeypatch.setattr(examination, "open_file", opened.append)
    without_type(client, CSR.encode())
    without_type(client, zipped(request=CSR.encode()))
    assert opened == []


def test_nothing_is_kept(client: Client) -> None:
    ask(client)
    assert not Csr.objects.exists()
    assert not Event.objects.exists()
    assert not BlockedKey.objects.exists()


def test_the_page_does_not_tell_whose_key_it_is(client, matti, riitta, cas) -> None:
    order = orders.with_csr(matti)
    page = ask(client, order.csrs.get().report["csr"]["pem"])
    assert "The certificate request is OK" in page


def test_a_private_key_is_refused_and_only_its_hash_kept(client: Client) -> None:
    key = dump(ec_key())
    page = ask(client, key.decode())
    assert "You sent a private key" in page
    blocked = BlockedKey.objects.get()
    assert blocked.spki_sha256 == spki_sha256(spki_of(ec_key()))
    assert "We blocked the key" in page
    assert blocked.spki_sha256 in page
    event = Event.objects.get(action="issuance.key_blocked")
    assert str(event.actor) == "visitor"
    line = key.decode().splitlines()[1]
    assert line not in page
    assert line not in str(event.data)


def test_a_key_in_a_file_beyond_the_limit_is_seen_too(client: Client) -> None:
    store = SimpleUploadedFile("store.jks", dump(ec_key()) + bytes(100_000))
    page = ask(client, "", file=store)
    assert "You sent a private key" in page
    assert BlockedKey.objects.exists()


def test_a_blocked_key_is_a_fault_here_too(client: Client) -> None:
    ask(client, dump(ec_key()).decode())
    assert "cannot be used" in ask(client)


@pytest.mark.usefixtures("still")
def test_one_address_is_asked_to_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MOST", 2)
    for _ in range(2):
        ask(client)
    answer = client.post(PAGE, {"type": "server", "text": CSR})
    assert answer.status_code == 429
    assert CSR.splitlines()[1] in answer.content.decode()
    assert int(answer["Retry-After"]) > 0
    assert "192.0.2" not in str(list(Tally.objects.values_list("subject", flat=True)))

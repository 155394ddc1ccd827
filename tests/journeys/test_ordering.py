"""From identification to the certificate in the mail, in a browser against the running service."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from tests.applications.orders import openssl_csr
from tests.journeys import ordering, steps

NAMES = {"server": ["erecept.example.fi"], "test_server": ["testi.example.fi"]}


@pytest.fixture(scope="module")
def seats(stack, browser):
    """Matti's and Riitta's browsers, each logged in, addresses verified, account founded."""
    matti, riitta = (browser.new_context(accept_downloads=True).new_page() for _seat in range(2))
    steps.identify(matti, "Matti Meikäläinen", base=stack.base)
    steps.give_address(matti, "matti@example.fi", stack.mails)
    steps.found_account(matti)
    steps.identify(riitta, "Riitta Ratkaisija", base=stack.base)
    steps.give_address(riitta, "riitta@example.fi", stack.mails)
    return matti, riitta


def verify(mail, folder: Path, csr: bytes) -> None:
    """Let openssl verify the mailed certificate against the mailed chain; compare the key."""
    files = {}
    for part in mail.iter_attachments():
        name = part.get_filename()
        kind = "chain" if name.endswith("_chain.pem") else name.rsplit(".", 1)[1]
        files[kind] = folder / name
        files[kind].write_bytes(part.get_payload(decode=True))
    check = ["openssl", "verify", "-x509_strict", "-CAfile", files["chain"], files["pem"]]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    certificate = x509.load_der_x509_certificate(files["der"].read_bytes())
    assert certificate.public_key() == x509.load_pem_x509_csr(csr).public_key()


def gnutls_csr(folder: Path) -> bytes:
    """Return a certificate request made by GnuTLS with a new key."""
    key, template = folder / "key.pem", folder / "template"
    template.write_text('cn = "erecept.example.fi"\ndns_name = "erecept.example.fi"\n')
    make = ["certtool", "--generate-privkey", "--ecc", "--curve", "secp256r1", "--outfile", key]
    subprocess.run(make, capture_output=True, check=True)
    ask = ["certtool", "--generate-request", "--load-privkey", key, "--template", template]
    return subprocess.run(ask, capture_output=True, check=True).stdout


def key_file() -> bytes:
    """Return a new private key, as somebody might upload it by mistake."""
    make = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    return subprocess.run(make, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    "type", ["server", "test_server", "system_signature", "test_system_signature"]
)
def test_each_type_from_order_to_mail(stack, seats, database, tmp_path, type):
    matti, riitta = seats
    csr = openssl_csr()
    mailbox = f"{type.replace('_', '-')}@example.fi"
    order = ordering.begin(matti, stack.base, type)
    names = NAMES.get(type, ["Apteekki Plus"])
    ordering.fill_in(matti, order, type, names=names, mailbox=mailbox)
    ordering.give_request(matti, csr)
    ordering.send(matti, order)
    case = ordering.take(riitta, stack.base, order)
    ordering.approve(riitta, case)
    verify(steps.await_mail(mailbox, stack.mails), tmp_path, csr)
    matti.goto(order)
    assert matti.locator("a[download]").count() == 4


def sent(page, base, csr, mailbox, *, language="fi"):
    """Order a server certificate; return the address of the order."""
    order = ordering.begin(page, base, "server", language=language)
    ordering.fill_in(page, order, "server", names=["erecept.example.fi"], mailbox=mailbox)
    ordering.give_request(page, csr)
    ordering.send(page, order)
    return order


def test_a_request_for_information_is_answered_and_the_certificate_comes(
    stack, seats, database, tmp_path
):
    matti, riitta = seats
    csr = gnutls_csr(tmp_path)
    order = sent(matti, stack.base, csr, "taydennys@example.fi")
    case = ordering.take(riitta, stack.base, order)
    ordering.ask(riitta, case, "host_names", "Lisätkää nimi toinen.example.fi.")
    matti.goto(order)
    assert "Lisätkää nimi toinen.example.fi." in matti.locator("main").inner_text()
    matti.goto(f"{order}part/host_names/")
    matti.locator("[name=host_names]").fill("erecept.example.fi\ntoinen.example.fi")
    ordering.go_on(matti)
    ordering.send(matti, order)
    ordering.approve(riitta, ordering.take(riitta, stack.base, order))
    verify(steps.await_mail("taydennys@example.fi", stack.mails), tmp_path, csr)


def test_a_private_key_and_a_weak_key_are_refused_with_words(stack, seats, database):
    matti, _riitta = seats
    order = ordering.begin(matti, stack.base, "server")
    matti.goto(f"{order}part/csr/")
    ordering.upload(matti, openssl_csr() + key_file())
    assert "yksityinen avain" in matti.locator("main h1").inner_text()
    matti.goto(f"{order}part/csr/")
    ordering.upload(matti, openssl_csr(key="1024"))
    assert "1024" in matti.locator("main").inner_text()
    matti.goto(f"{order}part/csr/")
    assert matti.locator("input[name=how]").count() == 4


def test_in_swedish_every_page_and_the_mail_are_swedish(stack, seats, database, tmp_path):
    matti, riitta = seats
    csr = openssl_csr(key="2048")
    order = sent(matti, stack.base, csr, "svenska@example.fi", language="sv")
    assert "Beställningen har skickats" in matti.locator("h1").inner_text()
    ordering.approve(riitta, ordering.take(riitta, stack.base, order))
    mail = steps.await_mail("svenska@example.fi", stack.mails)
    assert "Certifikatet har utfärdats" in mail.get_body(("plain",)).get_content()
    verify(mail, tmp_path, csr)


def test_without_javascript_everything_works(stack, seats, database, browser, tmp_path):
    matti, riitta = seats
    state = matti.context.storage_state()
    page = browser.new_context(java_script_enabled=False, storage_state=state).new_page()
    csr = openssl_csr()
    order = sent(page, stack.base, csr, "ilman@example.fi")
    ordering.approve(riitta, ordering.take(riitta, stack.base, order))
    verify(steps.await_mail("ilman@example.fi", stack.mails), tmp_path, csr)
    page.goto(order)
    with page.expect_download() as download:
        page.locator("a[download]").first.click()
    assert download.value.suggested_filename.endswith(".der")

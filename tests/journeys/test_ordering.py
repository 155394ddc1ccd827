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

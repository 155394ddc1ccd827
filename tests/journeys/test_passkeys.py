"""An order where the authority signs only what two reviewers' enrolled passkeys have signed."""

import pytest
from playwright.sync_api import expect

from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package
from tests.security_keys import SecurityKey, make_passkey

WANTED = {"APPROVERS_PROVE": "all", "APPROVALS_PRODUCTION": "2"}
REVIEWERS = {"Riitta Ratkaisija": "riitta@example.fi", "Raimo Ratkaisija": "raimo@example.fi"}
MAILBOX = "allekirjoitettu@example.fi"


@pytest.fixture(scope="module")
def proving(stack):
    """The service as such an authority runs it; in the end the reviewers' factors are reset."""
    stack.restart("web", "ca", extra=WANTED)
    yield
    stack.restart("web", "ca", extra={})
    for name, address in REVIEWERS.items():
        stack.manage("reset_second_factor", address)
        del stack.apps[name]


def test_from_making_the_passkeys_to_the_certificate(
    stack, proving, matti, riitta, raimo, tmp_path
):
    request = requests.openssl(tmp_path, "erecept.example.fi")
    order = ordering.order_server(matti, stack.base, request.csr, mailbox=MAILBOX)
    ordering.send(matti, order)
    for page, address in zip((riitta, raimo), REVIEWERS.values(), strict=True):
        SecurityKey().plug_in(page)
        code = make_passkey(page, stack.base)
        stack.manage("enrol_approver", address, "--fingerprint", code)

    case = ordering.take(riitta, stack.base, order)
    ordering.approve(riitta, case)
    expect(riitta.locator("main")).to_contain_text("Riitta Ratkaisija, allekirjoitettu")
    ordering.approve(raimo, case)

    Package.of(steps.await_mail(MAILBOX, stack.mails, seconds=60), tmp_path).check(request)

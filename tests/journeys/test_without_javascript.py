"""With JavaScript off everything works: ordering, reviewing, double clicks, downloads."""

import pytest

from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package


@pytest.fixture
def bare(seat):
    """Return a person's page in a browser that runs no scripts."""
    return lambda *who: seat(*who, java_script_enabled=False)


def test_from_order_to_download(stack, bare, tmp_path):
    matti = bare("Matti Meikäläinen", steps.BUSINESS_ID)
    riitta = bare("Riitta Ratkaisija")
    request = requests.openssl(tmp_path, "erecept.example.fi")
    mailbox = "ilman@example.fi"
    order = ordering.order_server(matti, stack.base, request.csr, mailbox=mailbox)
    ordering.send(matti, order)
    ordering.approve(riitta, ordering.take(riitta, stack.base, order))
    Package.of(steps.await_mail(mailbox, stack.mails), tmp_path).check(request)
    matti.goto(order)
    with matti.expect_download() as download:
        matti.locator("a[download]").first.click()
    assert download.value.suggested_filename.endswith(".der")

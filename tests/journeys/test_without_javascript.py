"""With JavaScript off and 320 px everything works: ordering, reviewing and downloads."""

import pytest

from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package

# The width of the page's content over that of the window.
SIDEWAYS = "() => document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture
def bare(seat):
    """Return a person's page in a narrow browser that runs no scripts."""
    narrow = {"width": 320, "height": 640}
    return lambda *who: seat(*who, java_script_enabled=False, viewport=narrow)


@pytest.fixture
def _fits(monkeypatch):
    """Let no page whose form is sent be wider than the window."""
    go_on = ordering.go_on

    def go_on_if_it_fits(page):
        assert page.evaluate(SIDEWAYS) <= 0, page.url
        go_on(page)

    monkeypatch.setattr(ordering, "go_on", go_on_if_it_fits)


@pytest.mark.usefixtures("_fits")
def test_from_order_to_download(stack, bare, tmp_path):
    matti = bare("Matti Meikäläinen", steps.BUSINESS_ID)
    riitta = bare("Riitta Ratkaisija")
    request = requests.openssl(tmp_path, "erecept.example.fi")
    mailbox = "ilman@example.fi"
    order = ordering.order_server(matti, stack.base, request.csr, mailbox=mailbox)
    ordering.send(matti, order)
    case = ordering.take(riitta, stack.base, order)
    assert riitta.evaluate(SIDEWAYS) <= 0
    ordering.approve(riitta, case)
    Package.of(steps.await_mail(mailbox, stack.mails), tmp_path).check(request)
    matti.goto(order)
    assert matti.evaluate(SIDEWAYS) <= 0
    with matti.expect_download() as download:
        matti.locator("a[download]").first.click()
    assert download.value.suggested_filename.endswith(".der")

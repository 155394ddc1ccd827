"""The page of a paper being made, in a browser: it goes on by itself, without scripts too."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from certportal.dev.builders import orders, people
from certportal.foundation.models import OutboxItem
from tests.accessibility import check_in_turn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sent(matti):
    """An order whose receipt has not been made."""
    order = orders.submitted(matti)
    OutboxItem.objects.filter(topic="application.notice").delete()
    return order


def test_being_made_failed_and_ready(go, matti, sent, now):
    check_in_turn(go("applications:receipt", sent.pk, 1, who=matti))
    OutboxItem.objects.filter(topic="paper.wanted").update(failed_at=now)
    check_in_turn(go("applications:receipt", sent.pk, 1, who=matti))
    OutboxItem.objects.filter(topic="paper.wanted").update(failed_at=None)
    orders.drain()
    page = go("applications:order", sent.pk, who=matti)
    with page.expect_download() as download:
        page.evaluate(
            f"location.href = '{reverse('applications:receipt', args=[sent.pk, 1])}?waited'"
        )
    assert download.value.suggested_filename == f"{sent.number}_receipt.pdf"
    page.wait_for_selector("main a[download]")
    check_in_turn(page)


def test_the_document_comes_without_loading_the_page_anew(go, matti, sent):
    page = go("applications:receipt", sent.pk, 1, who=matti)
    with page.expect_request(lambda request: request.resource_type == "fetch"):
        page.evaluate("document.body.dataset.read = ''")
    assert page.locator("body[data-read]").count() == 1  # WCAG 2.2.1, F41
    with page.expect_download() as download:
        orders.drain()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    assert page.locator("main a[download]").is_visible()


def test_without_scripts_the_document_comes_by_itself(new_context, live_server, matti, sent):
    context = new_context(java_script_enabled=False)
    value = people.log_in(Client(), matti).cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(live_server.url + reverse("applications:receipt", args=[sent.pk, 1]))
    assert page.locator("main p[role=status]").count() == 1
    with page.expect_download() as download:
        orders.drain()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    assert page.locator("main a[download]").is_visible()

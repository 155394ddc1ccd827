"""A passkey that is made in the browser approves there with one touch."""

import pytest

from issuance.models import Approval
from tests.security_keys import SecurityKey, make_passkey

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_touch_approves(ready, desk, enter, live_server, settings):
    settings.PORTAL_BASE_URL, settings.PORTAL_HOST = live_server.url, "localhost"
    settings.APPROVERS_PROVE = "all"
    go = enter(desk)
    page = go("queue")
    SecurityKey().plug_in(page)
    make_passkey(page, live_server.url)

    go("approve", ready.pk).locator("[data-passkey=use] button[name=then]").click()

    page.wait_for_url(f"**{desk.url('queue')}")  # nothing is left to take
    assert Approval.objects.get().assertion

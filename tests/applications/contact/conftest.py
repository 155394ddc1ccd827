"""Orders that wait for the technical contact's request, and the contact's browsers."""

import pytest
from django.core import mail
from django.test import Client
from django.utils.translation import override

from applications.models import Application, ContactLink
from applications.workflow import Status
from certportal.dev.builders import orders
from certportal.dev.builders.mails import about_order
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance import services as authority


@pytest.fixture
def send():
    """Order a certificate whose request the technical contact brings."""

    return orders.waiting_for_contact


@pytest.fixture
def order(matti, send):
    """Matti's order waits for Tiina's request."""
    return send(matti)


@pytest.fixture
def link(order):
    """Tiina's link."""
    return order.contact_links.get()


@pytest.fixture
def tiina():
    """Tiina's browser, with no login."""
    return Client()


@pytest.fixture
def mails():
    """Do the open work and return the link mails now due to the holder, as texts."""

    def write(application, holder="technical_contact"):
        application.refresh_from_db()
        return about_order("link_sent", application, holder)

    return write


def at(link: ContactLink, name: str = "landing", *more, language: str = "en") -> str:
    """Return the address of one of the link's pages."""
    from django.urls import reverse

    with override(language):
        return reverse(f"contact:{name}", args=[link.token, *more])


def give(client, link, csr=None):
    """Upload a request by the link; return the answer."""
    page = client.get(at(link, "csr"))
    version = page.context["application"].version
    text = (csr or orders.openssl_csr()).decode()
    form = {"version": version, "how": "text", "text": text}
    return client.post(at(link, "csr"), form)


def confirm(client, preview: str):
    """Confirm the request that the preview shows."""
    version = client.get(preview).context["application"].version
    return client.post(preview, {"version": version})


def send_back(order: Application) -> None:
    """Let the checks send the request back: its key is blocked meanwhile. Only their mails stay."""
    order.refresh_from_db()
    key, now = order.csr.spki_sha256, clock.now()
    authority.block_key(key, "key_compromise", actor=system("test"), now=now)
    mail.outbox.clear()
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.AWAITING_CSR

"""Orders that wait for the technical contact's request, and the contact's browsers."""

import pytest
from django.test import Client
from django.utils.translation import override

from applications import notices, services
from applications.models import ContactLink
from certportal.foundation import clock
from tests.applications import orders
from tests.applications.orders import Handler

CONTACT = {
    "mailbox": "tekniikka@example.fi",
    "deliver_to": "technical_contact",
    "technical_name": "Tiina Toimittaja",
    "technical_email": "tiina@example.com",
    "technical_organisation": "Toimittaja Oy",
    "technical_language": "sv",
}


@pytest.fixture(autouse=True)
def _local_mail(settings):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


@pytest.fixture
def send():
    """Order a certificate whose request the technical contact brings."""

    def make(person, **more):
        unit = more.pop("unit", orders.UNIT)
        application = orders.draft(person, unit=unit)
        orders.name_contact(person, application, CONTACT | more)
        seen = Handler(person, application).seen
        services.save_section(application.pk, "csr", {"csr_by": "technical_contact"}, **seen)
        orders.submit(person, application)
        return application

    return make


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
        return notices.build("link_sent", application, holder, now=clock.now())

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

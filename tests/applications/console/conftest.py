"""Reviewers at their desks: clients logged in, and an application waiting."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.access import SECOND_FACTOR, actor_for
from accounts.models import Membership
from accounts.services.organisations import administrator_requests as recovering, found as founding
from accounts.services.rights.documents import Paper, hand_in
from applications import services
from applications.models import ReadyReason, ReadyReasonVersion
from certportal.dev.builders import orders, people
from certportal.dev.builders.documents import pdf
from certportal.foundation import clock
from tests.applications.console.oversight import right
from tests.applications.console.passkeys import give
from tests.conftest import PHARMACY
from tests.gallery.conftest import (
    _browser_beside_database as _browser_beside_database,
    browser_type_launch_args as browser_type_launch_args,
    watched as watched,
)
from tests.tables import unkept


class Desk:
    """A reviewer's browser: opens pages of a case and presses its buttons."""

    def __init__(self, person):
        self.person = person
        self.client = people.log_in(Client(), person)

    def confirm(self, at=None):
        """Note that the person has just proven the second factor, or did at that moment."""
        session = self.client.session
        session[SECOND_FACTOR] = (at or clock.now()).isoformat()
        session.save()

    def url(self, name, *args):
        return reverse(f"console:{name}", args=args)

    def open(self, name, *args, **query):
        return self.client.get(self.url(name, *args), query)

    def shown(self, place):
        """Return the mark of what the page shows, as its form sends it."""
        return {"shown": self.client.get(place).context["form"]["shown"].value()}

    def count_in_bar(self, name):
        """Return how much waits on a page, as the bar of each page of the console says it."""
        bar = self.open("queue").context["desk"]()
        pages = [page for one in bar for page in (one, *one.pages)]
        return next(one.count.number for one in pages if one.href == self.url(name))

    def press(self, name, application, *args, version=None, **values):
        """Post the action with the version that is current unless another is given."""
        application.refresh_from_db()
        data = {"version": version or application.version} | values
        answer = self.client.post(self.url(name, application.pk, *args), data)
        application.refresh_from_db()
        return answer

    def reject(self, application, reasons, **values):
        """Reject without hearing, after the decision was read."""
        given = {"reasons": reasons, "send": "1"} | orders.UNHEARD | values
        return self.press("reject", application, **given)


@pytest.fixture(autouse=True)
def _english(english):
    """Reviewers' pages and mails in English."""


@pytest.fixture
def desk(riitta):
    """Riitta's desk."""
    return Desk(riitta)


@pytest.fixture
def other_desk(raimo):
    """Raimo's desk."""
    return Desk(raimo)


@pytest.fixture
def web_of():
    """Return how to open a browser as somebody."""
    return lambda person: people.log_in(Client(), person)


@pytest.fixture
def waiting(matti, cas):
    """A server certificate's application in the queue."""
    return orders.in_review(matti)


@pytest.fixture
def case(waiting, riitta):
    """The same, claimed by Riitta, its certificate prepared."""
    services.claim(waiting.pk, person=riitta, **orders.Handler(riitta, waiting).seen)
    orders.drain()
    waiting.refresh_from_db()
    return waiting


@pytest.fixture
def ready(case, riitta):
    """The same, with evidence for each host name: it can be approved."""
    orders.give_evidence(riitta, case)
    case.refresh_from_db()
    return case


@pytest.fixture
def enter(watched, live_server):
    """Let the desk's login be the browser's; return how to open one of its pages."""

    def enter(desk):
        name = settings.SESSION_COOKIE_NAME
        value = desk.client.cookies[name].value
        watched.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])

        def go(name, *args, query=""):
            watched.goto(live_server.url + desk.url(name, *args) + query)
            return watched

        return go

    return enter


@pytest.fixture
def seppo(sample, now):
    """Seppo has founded the pharmacy's account on his word alone, and handed in a paper."""
    person = people.make_person("Seppo Sivullinen", now=now)
    statement = founding.Statement(Membership.Basis.MANDATE, "proviisori")
    made = founding.found(person, PHARMACY, statement, actor=actor_for(person), now=now)
    hand_in(person, made, Paper(pdf("Sepon"), "seppo.pdf"), actor=actor_for(person), now=now)
    return person


@pytest.fixture
def contested(seppo, now):
    """Pekka, the pharmacist, has asked to be made administrator of the account."""
    person = people.make_person("Pekka Proviisori", now=now)
    paper = Paper(pdf("Pekan"), "pekka.pdf")
    account = right(seppo).organisation
    return recovering.ask(
        person, account, reason="Omistan.", paper=paper, actor=actor_for(person), now=now
    )


@pytest.fixture
def _site(settings):
    """The service's address is that of the test client."""
    settings.PORTAL_BASE_URL, settings.PORTAL_HOST = "https://testserver", "testserver"


@pytest.fixture
def _wanted(settings):
    """The authority signs only what passkeys have approved."""
    settings.APPROVERS_PROVE = "all"


@pytest.fixture
def key(desk):
    """Riitta's passkey."""
    return give(desk, b"riitta's key")


@pytest.fixture
def other_key(other_desk):
    """Raimo's passkey."""
    return give(other_desk, b"raimo's key")


@pytest.fixture
def own_reasons(transactional_db):
    """Remove the ready-made reasons that the test commits; what `migrate` wrote of them stays."""
    known = list(ReadyReason.objects.values_list("pk", flat=True))
    yield
    with unkept():
        ReadyReasonVersion.objects.exclude(reason__in=known).delete()
        ReadyReason.objects.exclude(pk__in=known).delete()

"""Reviewers who have identified, with and without a second factor."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.factors import app_codes
from accounts.services.people import second_factor
from accounts.views.factors import PENDING
from certportal.dev.builders import people
from certportal.foundation import clock

CONSOLE = "/fi/console/"


class Visit:
    """Somebody's browser just after strong identification."""

    def __init__(self, person, client=None):
        self.person, self.client = person, client or Client()
        self.login = person.logins.get()
        self.secret, self.used = "", 0
        people.open_session(self.client, self.login)

    def note(self, key, moment):
        """Let the session remember the moment under this key."""
        session = self.client.session
        session[key] = moment.isoformat()
        session.save()

    def get(self, name, *args, **query):
        with translation.override("fi"):
            return self.client.get(reverse(f"accounts:{name}", args=args), query)

    def post(self, name, *args, **values):
        with translation.override("fi"):
            return self.client.post(reverse(f"accounts:{name}", args=args), values)

    def code(self):
        """Return the next code that the app can show."""
        self.used = max(app_codes.step_at(clock.now()), self.used + 1)
        return app_codes.code_at(self.secret, self.used)

    def wrong(self):
        """Return six digits that the app shows at no time near now."""
        near = app_codes.step_at(clock.now())
        shown = {app_codes.code_at(self.secret, near + step) for step in range(-9, 10)}
        return next(code for code in map("{:06}".format, range(20)) if code not in shown)

    def set_up(self, **more):
        """Set up an app as the page says; return the answer to its first code."""
        self.secret = self.get("second_factor_set_up").context["secret"].replace(" ", "")
        return self.post("second_factor_set_up", code=self.code(), **more)

    def again(self):
        """Return another browser of the same person, with the same app."""
        other = Visit(self.person)
        other.secret, other.used = self.secret, self.used
        return other


@pytest.fixture
def visit(riitta):
    """Riitta's browser; she has no second factor yet."""
    return Visit(riitta)


@pytest.fixture
def enrolled(visit):
    """The same after she set up an app, whose secret the page needs not draw for it."""
    session = visit.client.session
    session[PENDING] = visit.secret = app_codes.new_secret()
    session.save()
    visit.post("second_factor_set_up", code=visit.code())
    return visit


@pytest.fixture
def sofia(db):
    """A superuser."""
    return people.make_superuser("Sofia Suurkäyttäjä")


@pytest.fixture
def spare(riitta):
    """Return one of Riitta's recovery codes that is not used yet."""
    return lambda: second_factor.recovery(riitta.logins.get()).get_unused_codes()[0]

"""The running service and a browser for the journeys."""

import os

import pytest
from django.core.management import call_command
from django.db import connections

from tests.gallery.conftest import browser_type_launch_args as browser_type_launch_args
from tests.journeys import steps
from tests.journeys.steps import DESKTOP
from tests.stack import Stack

# Playwright's own loop makes Django think it is called from async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def stack(django_db_setup, django_db_blocker, tmp_path_factory):
    """Web server, workers and beat on the test database, with CA, register and reviewers."""
    with django_db_blocker.unblock():
        running = Stack(tmp_path_factory.mktemp("stack"))
        running.prepare()
        running.start("broker", "web", "default", "mail", "ca", "beat")
        try:
            running.await_web()
            running.await_worker("default")
            running.await_worker("ca")
            yield running
        finally:
            running.stop()
            call_command("flush", interactive=False, verbosity=0)
            connections.close_all()


@pytest.fixture(scope="module")
def seat(stack, browser):
    """Return a page of a browser of its own in which the person has just come in.

    Keyword arguments go to the browser's context.
    """
    contexts = []

    def sit(name, business_id=None, *, language="fi", **more):
        context = browser.new_context(base_url=stack.base, **DESKTOP | more)
        contexts.append(context)
        page = context.new_page()
        steps.come_in(page, name, business_id, stack=stack, language=language)
        return page

    yield sit
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def matti(seat):
    """Matti's browser, the account of his pharmacy founded."""
    return seat("Matti Meikäläinen", steps.BUSINESS_ID)


@pytest.fixture(scope="module")
def riitta(seat):
    """The reviewer Riitta's browser."""
    return seat("Riitta Ratkaisija")


@pytest.fixture(scope="module")
def raimo(seat):
    """The reviewer Raimo's browser."""
    return seat("Raimo Ratkaisija")


@pytest.fixture
def database(stack, django_db_blocker):
    """Let the test look into the running service's database."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()

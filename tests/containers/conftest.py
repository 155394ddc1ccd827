"""The service in containers, and browsers that find it."""

import pytest
from playwright.sync_api import sync_playwright

from tests.containers import people
from tests.containers.service import Service
from tests.journeys import steps


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """The service in production mode, all containers well; in the end everything is removed."""
    made = Service(tmp_path_factory.mktemp("operator"))
    made.prepare()
    made.remove()  # what a run that was broken off left
    try:
        made.up()
        yield made
    finally:
        made.keep_logs()
        made.remove()


@pytest.fixture(scope="session")
def stage():
    """Playwright, of which a process has one, for browsers that find one machine or another."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(service, stage):
    """Debian's Chromium, which finds our names on this machine's ports.

    Not pytest-playwright's own fixture: its parameter would change the order of the tests.
    """
    return people.browser(stage, service)


@pytest.fixture(scope="module")
def visitor(service, chromium):
    """Return a page of a browser of its own, in which nobody has identified."""
    contexts = []

    def come():
        contexts.append(people.context(chromium, service))
        return contexts[-1].new_page()

    yield come
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def seat(service, visitor):
    """Return a page of a browser of its own in which the person has just come in."""

    def sit(name, business_id=None):
        page = visitor()
        steps.come_in(page, name, business_id, stack=service)
        return page

    return sit

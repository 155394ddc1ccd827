"""The running service and a browser for the journeys."""

import os
import shutil

import pytest
from django.core.management import call_command
from django.db import connections

from tests.stack import Stack

# Playwright's own loop makes Django think it is called from async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def stack(django_db_setup, django_db_blocker, tmp_path_factory):
    """Web server, workers and beat on the test database, with CA, register and reviewers."""
    with django_db_blocker.unblock():
        running = Stack(tmp_path_factory.mktemp("stack"))
        running.prepare()
        running.start("web", "default", "ca", "beat")
        try:
            running.await_web()
            running.await_worker("default")
            running.await_worker("ca")
            yield running
        finally:
            running.stop()
            call_command("flush", interactive=False, verbosity=0)
            connections.close_all()


@pytest.fixture(scope="session")
def browser_type_launch_args():
    """Debian's Chromium; no sandbox when root runs it."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    quiet = ["--disable-background-networking", "--disable-component-update", "--no-first-run"]
    return {
        "executable_path": shutil.which("chromium"),
        "headless": True,
        "args": [*arguments, *quiet],
    }


@pytest.fixture
def browser_context_args(stack):
    """Finnish time and a desktop's size."""
    return {
        "base_url": stack.base,
        "viewport": {"width": 1366, "height": 900},
        "timezone_id": "Europe/Helsinki",
        "accept_downloads": True,
    }


@pytest.fixture
def database(stack, django_db_blocker):
    """Let the test look into the running service's database."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()

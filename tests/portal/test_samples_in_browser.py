"""The page of every mail, looked at in a browser on two screens."""

import copy

import pytest

from tests.accessibility import check_both_widths
from tests.gallery.conftest import _browser_beside_database as _browser_beside_database
from tests.gallery.conftest import browser_type_launch_args as browser_type_launch_args
from tests.gallery.conftest import watched as watched

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(live_server, settings):
    """The portal itself, its static files without hashed names."""
    storages = copy.deepcopy(settings.STORAGES)
    storages["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = storages
    return live_server.url


def test_every_mail_reads_well_on_two_screens(watched, server):
    watched.goto(f"{server}/dev/mail/samples/")
    check_both_widths(watched)
    watched.goto(f"{server}/dev/mail/")
    check_both_widths(watched)

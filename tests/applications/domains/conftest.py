"""The name servers of the tests, which the service asks."""

import socket

import pytest

from tests import remembered
from tests.applications.domains.published import ISSUER
from tests.dns_servers import ADDRESS, name_servers


@pytest.fixture(scope="package")
def servers():
    """Name servers with signed zones, and a resolver that validates."""
    with name_servers() as running:
        yield running


@pytest.fixture
def in_use(settings, servers):
    """Use the validating resolver; no record is published yet."""
    settings.DOMAIN_CONTROL = {"issuer": ISSUER, "resolvers": [servers.resolver], "days": 200}
    servers.publish("example.fi")
    remembered.lose_track()  # what is published decides what becomes of an order
    return servers


@pytest.fixture
def silent(settings):
    """Use a resolver that takes questions and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((ADDRESS, 0))
        settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": [one.getsockname()[:2]]}
        yield one.getsockname()[:2]

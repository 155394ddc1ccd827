"""The browser of these tests: Debian's, beside the test's own database; and persons."""

import pytest

from accounts.access import actor_for
from accounts.services.organisations import join
from certportal.dev.builders import people
from tests.conftest import PHARMACY
from tests.gallery.conftest import (
    _browser_beside_database as _browser_beside_database,
    browser_type_launch_args as browser_type_launch_args,
    watched as watched,
)


@pytest.fixture
def pekka(pharmacy, now):
    """Somebody who asked to be invited."""
    person = people.make_person("Pekka Pyytäjä", now=now)
    join.ask(person, PHARMACY, actor=actor_for(person), now=now)
    return person


@pytest.fixture
def aino(sample):
    """A person with a verified address and no organisation."""
    return people.make_person("Aino Ahkera")

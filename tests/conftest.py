"""What every test may ask for: the sample register and the people of the story."""

import pytest

from accounts.models import Organisation, Person
from accounts.register import files, services
from tests import people

# Invented organisations of the sample register.
PHARMACY = "9900001-8"
CLINICS = "9900008-5"


@pytest.fixture
def register(db) -> None:
    """Both sample registers, brought in by the real import."""
    paths = [*files.SAMPLE_UNITS, *files.SAMPLE_INTERMEDIARIES]
    for kind, rows in files.read_files(paths).items():
        services.import_rows(kind, rows, services.Source("sample"), now=people.NOW)


@pytest.fixture
def matti(register) -> Person:
    """The applicant: has founded the account of the pharmacy."""
    return people.make_founder("Matti Meikäläinen", PHARMACY)


@pytest.fixture
def pharmacy(matti) -> Organisation:
    """The organisation Matti acts for."""
    return matti.memberships.get().organisation


@pytest.fixture
def maija(pharmacy) -> Person:
    """Matti's colleague in the same organisation."""
    return people.make_member("Maija Mallikas", pharmacy)


@pytest.fixture
def stranger(register) -> Person:
    """Kalle, who acts for the clinics and has no business with the pharmacy."""
    return people.make_founder("Kalle Konsultti", CLINICS)


@pytest.fixture
def riitta(db) -> Person:
    """A reviewer."""
    return people.make_reviewer("Riitta Ratkaisija")


@pytest.fixture
def raimo(db) -> Person:
    """Another reviewer."""
    return people.make_reviewer("Raimo Ratkaisija")

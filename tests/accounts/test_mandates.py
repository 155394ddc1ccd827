"""A source of mandates may confirm a founder's right; without it a reviewer does."""

import pytest

from accounts.access import actor_for
from accounts.mandates.none import NoMandates
from accounts.models import Membership, RightDocument
from accounts.services.organisations import found as found_organisations
from accounts.services.rights import documents
from applications.rules.sender import lacks_right
from certportal.dev.builders import orders
from certportal.dev.builders.documents import pdf
from certportal.dev.builders.people import make_person
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.models import Event
from tests.doubles.mandates import InMemory

pytestmark = pytest.mark.django_db
CODE = "9900001-8"
ROLE = ("Aino Ahkera", CODE, "register_role", "NIMKO")


@pytest.fixture
def aino(sample, now):
    """Somebody about to found an account."""
    return make_person("Aino Ahkera", now=now)


def trust(settings, **options):
    settings.MANDATES = {"BACKEND": "tests.doubles.mandates.InMemory", "OPTIONS": options}


def found(aino, now):
    statement = found_organisations.Statement(Membership.Basis.MANDATE, "apteekkari")
    made = found_organisations.found(aino, CODE, statement, actor=actor_for(aino), now=now)
    return made.memberships.get()


def test_confirmed_right_is_held_for_true_at_once(aino, settings, now):
    trust(settings, rights=(ROLE,))

    right = found(aino, now)

    assert (right.basis, right.basis_note) == (Membership.Basis.REGISTER_ROLE, "NIMKO")
    assert right.confirmed_at == now and right.confirmed_by is None
    assert right.stated_basis == Membership.Basis.MANDATE
    assert Event.objects.get(action="organisation.founded").data["confirmed"] is True


def test_a_document_is_not_kept_where_the_right_is_confirmed_at_once(aino, settings, now):
    trust(settings, rights=(ROLE,))
    paper = documents.Paper(pdf("Valtakirja"), "valtakirja.pdf")
    documents.hold(aino, paper, form="", actor=actor_for(aino), now=now)
    found(aino, now)
    assert not RightDocument.objects.exists()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rights": (("Aino Ahkera", "9900008-5", "mandate", "x"),)},
        {"rights": (("Maija Mallikas", CODE, "mandate", "x"),)},
        {"answers": False},
    ],
    ids=["nothing", "another organisation", "another person", "down"],
)
def test_right_that_is_not_confirmed_waits_for_a_reviewer(aino, settings, now, options):
    trust(settings, **options)

    right = found(aino, now)

    assert right.basis == Membership.Basis.UNVERIFIED
    assert right.confirmed_at is None


def test_nobody_is_confirmed_where_there_is_no_source(aino, now):
    assert found(aino, now).basis == Membership.Basis.UNVERIFIED


def test_confirmed_founder_s_orders_need_no_reviewer_for_the_right(aino, settings, now, cas):
    trust(settings, rights=(ROLE,))
    found(aino, now)

    assert not lacks_right(orders.submitted(aino), on=clock.day(now))


class TestContract:
    """One contract for every source."""

    @pytest.mark.parametrize("source", [NoMandates(), InMemory(), InMemory(rights=(ROLE,))])
    def test_a_stranger_has_no_right(self, source, now, db):
        assert source.right(make_person("Vieras Väki"), CODE, now=now) is None

    def test_a_source_that_is_down_says_so(self, now, db):
        with pytest.raises(Unavailable):
            InMemory(answers=False).right(make_person("Aino Ahkera"), CODE, now=now)

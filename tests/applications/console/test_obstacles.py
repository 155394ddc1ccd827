"""What a page offers a reviewer, the service does; what it does not offer, the service refuses."""

from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import Membership
from accounts.register.models import RegisterRecord
from accounts.services.rights import staff_roles
from applications import services, workflow
from applications.models import HostName
from applications.rules.certificate_names import names
from applications.services.reviewer import assignment, revocation
from applications.workflow import Action, Role
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.errors import Refused
from tests.tables import rewrite

LATER = timedelta(days=30)


def claimed(_case, _riitta):
    """The case with its certificate prepared, and no evidence for its host name yet."""


def ready(case, riitta):
    """The case with all that an approval needs."""
    orders.give_evidence(riitta, case)


def ended_in_register(case, riitta):
    orders.give_evidence(riitta, case)
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), status="passive")


def approved_once(case, riitta, settings):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    orders.give_evidence(riitta, case)
    orders.press_approve(riitta, case)


def asked(case, riitta):
    """The reviewer has asked, and the applicant still has time."""
    ask(case, riitta, "contact")


def ask(case, riitta, part):
    deadline = clock.day(clock.now() + LATER)
    given = {"reason": "Mikä?", "sections": [part], "deadline": deadline}
    services.request_info(case.pk, **given, person=riitta, **orders.Handler(riitta, case).seen)


def unanswered(case, riitta):
    asked(case, riitta)
    case.requests.update(deadline=clock.day(clock.now()) - timedelta(days=1))


def changed_by_applicant(case, riitta, matti):
    """The applicant has changed what the certificate says, and not sent it yet."""
    ask(case, riitta, "validity")
    values = {"validity_months": 3, "start": None}
    seen = orders.Handler(matti, case).seen
    services.save_section(case.pk, "validity", values, **seen)


def left(case, riitta):
    """The reviewer who has the case is none any more."""
    orders.give_evidence(riitta, case)
    staff_roles.end_reviewer(riitta, actor=system("test"), now=clock.now())


def left_while_asking(case, riitta):
    asked(case, riitta)
    staff_roles.end_reviewer(riitta, actor=system("test"), now=clock.now())


def released(case, riitta):
    services.release(case.pk, person=riitta, **orders.Handler(riitta, case).seen)


def rejected(case, riitta):
    seen = orders.Handler(riitta, case).seen
    services.reject(case.pk, reasons="Ei.", **orders.UNHEARD, person=riitta, **seen)


STANDINGS = [
    *(claimed, ready, ended_in_register, approved_once, asked, unanswered, changed_by_applicant),
    *(left, left_while_asking, released, rejected),
]
# Who is no reviewer any more has no page.
GONE = {left, left_while_asking}
READERS = [(one, "raimo") for one in STANDINGS]
READERS += [(one, "riitta") for one in STANDINGS if one not in GONE]


def act(action, case, person):
    """Do the action as the page would, with everything it asks for."""
    handler = orders.Handler(person, case)
    given = {"person": person, **handler.seen}
    if action == Action.APPROVE:
        orders.press_approve(person, case)
    elif action == Action.CHOOSE_NAMES:
        found = names(case, now=clock.now())
        services.choose_names(case.pk, organisation=found.organisation.value, unit="", **given)
    elif action == Action.REQUEST_INFO:
        deadline = clock.day(clock.now() + LATER)
        services.request_info(
            case.pk, reason="Mikä?", sections=["contact"], deadline=deadline, **given
        )
    elif action == Action.HEAR:
        orders.hear(person, case, clock.day(clock.now() + LATER))
    elif action == Action.EXTEND_DEADLINE:
        deadline = clock.day(clock.now() + 2 * LATER)
        services.extend_deadline(case.pk, deadline=deadline, **given)
    elif action == Action.SET_ASIDE:
        tomorrow = clock.day(clock.now()) + timedelta(days=1)
        services.set_aside(case.pk, until=tomorrow, reason="Puhelu.", **given)
    elif action == Action.HAND_OVER:
        others = [one for one in assignment.receivers(case, now=clock.now()) if one != person]
        services.hand_over(case.pk, to=(others or [person])[0].pk, note="Loma.", **given)
    elif action == Action.TAKE_OVER:
        services.take_over(case.pk, reason="Sairaana.", **given)
    elif action == Action.REJECT:
        services.reject(case.pk, reasons="Perustelut.", **orders.UNHEARD, **given)
    elif action == Action.REOPEN:
        services.reopen(case.pk, reasons="Perustelut.", **given)
    else:
        getattr(services, action)(case.pk, **given)


def done(action, case, person):
    """Return whether the service does the action; nothing of it stays."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                act(action, case, person)
        except Refused:
            return False
        finally:
            transaction.set_rollback(True)
    return True


@pytest.mark.parametrize(("stand", "who"), READERS, ids=lambda one: getattr(one, "__name__", one))
def test_a_case_offers_what_its_service_does(stand, who, case, request, desk, other_desk):
    wanted = stand.__code__.co_varnames[: stand.__code__.co_argcount]
    people = {name.lstrip("_"): request.getfixturevalue(name.lstrip("_")) for name in wanted}
    stand(*people.values())
    case.refresh_from_db()
    reader = desk if who == "riitta" else other_desk
    offered = reader.open("case", case.pk).context["offers"]
    actions = {one for one, row in workflow.TRANSITIONS.items() if Role.REVIEWER in row.roles}
    # Offered beside a finding that can be waived, which this case has not; and with an account.
    actions -= {Action.WAIVE, Action.END_WITH_ACCOUNT}
    assert offered & actions == {one for one in actions if done(one, case, reader.person)}


def test_host_names_get_evidence_only_while_the_page_asks_for_it(case, riitta, desk):
    host = case.host_names.first()
    given = {"evidence": HostName.Evidence.REGISTRY, "note": "Tarkistettu."}
    assert "evidence" in desk.open("case", case.pk).text
    asked(case, riitta)
    place = desk.url("evidence", case.pk, host.pk)
    assert place not in desk.open("case", case.pk).text
    seen = orders.Handler(riitta, case).seen
    with pytest.raises(Refused):
        services.set_evidence(case.pk, host.pk, **given, person=riitta, **seen)


@pytest.fixture
def proposal(matti, riitta, cas):
    """Riitta's proposal to revoke Matti's certificate."""
    order = orders.delivered(matti, riitta)
    given = {"reason": "superseded", "words": "Korvattu.", "person": riitta}
    seen = orders.Handler(riitta, order).seen
    del seen["version"]
    return services.propose(order.pk, **given, **seen)


def refused(service, proposal, person, **more):
    """Return whether the service refuses; nothing of it stays."""
    actor, now = orders.Handler(person, proposal.application).seen["actor"], clock.now()
    with transaction.atomic():
        try:
            with transaction.atomic():
                service(proposal.pk, person=person, actor=actor, now=now, **more)
        except Refused:
            return True
        finally:
            transaction.set_rollback(True)
    return False


def estranged(_proposal, raimo, pharmacy):
    """Raimo left the organisation a month ago."""
    Membership.objects.create(
        person=raimo,
        organisation=pharmacy,
        role="applicant",
        basis="invitation",
        begun_at=clock.now() - timedelta(days=900),
        ended_at=clock.now() - LATER,
    )


def concerned(proposal, _raimo, pharmacy):
    """Who proposed has joined the organisation since."""
    Membership.objects.create(
        person=proposal.maker,
        organisation=pharmacy,
        role="applicant",
        basis="invitation",
        begun_at=clock.now(),
    )


def makerless(proposal, _raimo, _pharmacy):
    """Who proposed is no reviewer any more."""
    staff_roles.end_reviewer(proposal.maker, actor=system("test"), now=clock.now())


@pytest.mark.parametrize(
    ("stand", "who"),
    [
        (None, "riitta"),
        (None, "raimo"),
        (estranged, "raimo"),
        (makerless, "raimo"),
        (concerned, "riitta"),
    ],
)
def test_a_proposal_offers_what_its_services_do(
    stand, who, proposal, raimo, pharmacy, desk, other_desk
):
    if stand:
        stand(proposal, raimo, pharmacy)
    reader = desk if who == "riitta" else other_desk
    page = reader.open("case", proposal.application_id).context
    person = reader.person
    assert bool(page["to_confirm"]) == refused(services.confirm_proposal, proposal, person)
    declining = refused(services.decline_proposal, proposal, person, words="Ei.")
    assert bool(page["to_decline"]) == declining
    assert page["may_withdraw"] != refused(services.withdraw_proposal, proposal, person)


def test_while_a_proposal_waits_only_an_exposed_key_can_be_told_of(proposal, other_desk):
    other_desk.confirm()
    form = other_desk.open("revoke", proposal.application_id).context["form"]
    offered = [value for value, _label in form.fields["reason"].choices]
    assert offered == ["key_compromise"]
    assert revocation.reasons(proposal.application, other_desk.person, now=clock.now()) == offered

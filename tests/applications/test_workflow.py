"""Every status × action × role against the table, through the real services."""

from datetime import timedelta

import pytest

from applications import services, workflow
from applications.errors import NotPossible
from applications.models import Application
from applications.services import transition
from applications.workflow import Action, Role, Status
from certportal.dev.builders import orders
from certportal.foundation.actors import Actor
from certportal.foundation.models import Event


@pytest.fixture
def application(matti):
    return orders.submitted(matti)


@pytest.mark.parametrize("status", list(Status))
def test_move_obeys_the_table_for_every_action_and_role(application, now, status):
    """Each allowed move leads to its target and leaves an event; the others change nothing."""
    pk, given = application.pk, {"actor": Actor("person", "x"), "now": now}
    every = {(action, role) for action in Action for role in Role}
    rows = workflow.TRANSITIONS
    allowed = {
        one for one in every if status in rows[one[0]].sources and one[1] in rows[one[0]].roles
    }
    assert {
        (action, role) for action, role in every if workflow.may(action, status, role)
    } == allowed
    assert {one for one in every if one[0] in workflow.actions(status, one[1])} == allowed
    fresh, before = _put_into(pk, status), _stored(pk)
    for action, role in every - allowed:
        with pytest.raises(NotPossible):
            transition.move(fresh, action, role=role, **given)
    assert _stored(pk) == before
    for action, role in allowed:
        for target in rows[action].targets - {None}:
            transition.move(_put_into(pk, status), action, role=role, to=target, **given)
            assert Application.objects.get(pk=pk).status == target
            assert Event.objects.filter(action=f"application.{action}", object_id=str(pk)).exists()


def _put_into(pk, status):
    """Let the order have the status; return it."""
    Application.objects.filter(pk=pk).update(status=status)
    return Application.objects.get(pk=pk)


def _stored(pk):
    """Return all that is stored of the order, and the number of events."""
    return Application.objects.values().get(pk=pk), Event.objects.count()


@pytest.mark.parametrize("action", list(Action))
def test_no_action_leads_outside_its_targets(application, now, action):
    row = workflow.TRANSITIONS[action]
    role, source = next(iter(row.roles)), next(iter(row.sources))
    Application.objects.filter(pk=application.pk).update(status=source)
    for other in set(Status) - row.targets:
        with pytest.raises(ValueError, match="does not lead"):
            transition.move(
                Application.objects.get(pk=application.pk),
                action,
                role=role,
                actor=Actor("person", "x"),
                now=now,
                to=other,
            )


def test_every_status_can_be_reached_and_only_ended_ones_are_dead_ends():
    reached = {target for row in workflow.TRANSITIONS.values() for target in row.targets}
    assert set(Status) - reached == {Status.DRAFT}
    rows = workflow.TRANSITIONS.values()
    left = {status for row in rows for status in row.sources if row.targets - row.sources}
    assert set(Status) - left == {Status.DELIVERED, Status.WITHDRAWN}


def test_each_status_stands_in_one_stage_or_has_ended():
    staged = [status for stage in workflow.STAGES for status in stage]
    assert len(staged) == len(set(staged))
    assert set(Status) == set(staged) | workflow.ENDED


SERVICES = {
    Action.SUBMIT: lambda a, h: services.submit(a.pk, **orders.signature(h.person), **h.seen),
    Action.RESUBMIT: lambda a, h: services.resubmit(a.pk, **orders.signature(h.person), **h.seen),
    Action.ADD_INFORMATION: lambda a, h: services.add_information(
        a.pk, text="Lisätieto", person=h.person, **h.seen
    ),
    Action.ANSWER_HEARING: lambda a, h: services.answer_hearing(
        a.pk, text="Vastine", person=h.person, **h.seen
    ),
    Action.CONFIRM_NAMES: lambda a, h: services.confirm_names(
        a.pk, **orders.signature(h.person), **h.seen
    ),
    Action.RETURN_NAMES: lambda a, h: services.return_names(
        a.pk, text="Vain uusi nimi", person=h.person, **h.seen
    ),
    Action.WITHDRAW: lambda a, h: services.withdraw(a.pk, **h.seen),
    Action.DISCARD: lambda a, h: services.discard(a.pk, **h.seen),
}
REVIEWER_SERVICES = {
    Action.CLAIM: lambda a, h: services.claim(a.pk, person=h.person, **h.seen),
    Action.RELEASE: lambda a, h: services.release(a.pk, person=h.person, **h.seen),
    Action.REQUEST_INFO: lambda a, h: services.request_info(
        a.pk,
        reason="Puuttuu",
        sections=["unit"],
        deadline=(h.seen["now"] + timedelta(days=14)).date(),
        person=h.person,
        **h.seen,
    ),
    Action.HEAR: lambda a, h: orders.hear(h.person, a, (h.seen["now"] + timedelta(days=14)).date()),
    Action.CANCEL_REQUEST: lambda a, h: services.cancel_request(a.pk, person=h.person, **h.seen),
    Action.REJECT: lambda a, h: services.reject(
        a.pk, reasons="Ei", **orders.UNHEARD, person=h.person, **h.seen
    ),
    Action.REOPEN: lambda a, h: services.reopen(a.pk, reasons="Uusi", person=h.person, **h.seen),
}


@pytest.mark.parametrize("status", list(Status))
def test_services_refuse_what_the_table_does_not_allow(application, matti, riitta, status):
    Application.objects.filter(pk=application.pk).update(status=status, reviewer=riitta)
    applicant = orders.Handler(matti, application)
    reviewer = orders.Handler(riitta, application)
    for known, handler, role in (
        (SERVICES, applicant, Role.APPLICANT),
        (REVIEWER_SERVICES, reviewer, Role.REVIEWER),
    ):
        for action, call in known.items():
            if not workflow.may(action, status, role):
                with pytest.raises(NotPossible):
                    call(application, handler)
                application.refresh_from_db()
                assert application.status == status

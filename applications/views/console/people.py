"""People: search, and the page of a person, with roles, memberships, orders and decisions."""

from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise

from accounts import access
from accounts.models import AccountDecision, Membership, Person, StaffRole, User
from accounts.services.people.named import people_named
from accounts.views.staff import KINDS, SUPERUSER, person_search
from applications.models import Application, Decision, Submission
from applications.views.console.case.background import MOST, newest_orders, submitted
from applications.views.console.entry import looked_at
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Rows, first, read_all
from certportal.foundation.events import Subject
from certportal.foundation.web import keyset

PAGE = 25
BY_NAME: keyset.Key = {"family_name": str, "given_name": str, "id": UUID}


@access.reviewers_read
def people(request: HttpRequest) -> HttpResponseBase:
    """List the people by name, without those whose data has been erased."""
    looked_at(request, Subject("list", "people"))
    form = person_search(request)
    found = known(form.words)
    page = keyset.page_of(_with_roles(found), request, BY_NAME, most=PAGE)
    context = {
        "form": form,
        "page": page,
        "count": keyset.count(found),
        "rows": [(person, _roles(person)) for person in page],
    }
    return render(request, "applications/console/people.html", context)


def known(query: str) -> QuerySet[Person]:
    """Return the people whom the words fit, by name; an empty query fits everybody."""
    return people_named(query).exclude(given_name="", family_name="").order_by(*BY_NAME)


def _roles(person: Any) -> list[Promise]:
    held = [KINDS[role.kind] for role in person.staff_roles.all()]
    return [*held, SUPERUSER] if person.is_superuser else held


def _with_roles(found: QuerySet[Person]) -> QuerySet[Person]:
    """Return the people with their present roles, memberships and last login."""
    members = Membership.objects.filter(ended_at=None).select_related("organisation")
    logins = User.objects.filter(person=OuterRef("pk"))
    latest = logins.order_by(F("last_login").desc(nulls_last=True)).values("last_login")
    is_superuser = Exists(logins.filter(is_superuser=True, is_active=True))
    return found.annotate(seen=Subquery(latest[:1]), is_superuser=is_superuser).prefetch_related(
        Prefetch("staff_roles", StaffRole.objects.filter(ended_at=None)),
        Prefetch("memberships", members.order_by("organisation__name", "pk")),
    )


@access.reviewers_read
def person(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """Show a person: identity, roles, memberships, orders sent, and decisions."""
    found = get_object_or_404(Person.objects.select_related("merged_into"), pk=person_id)
    if found.merged_into is not None:
        return redirect("console:person", found.current.pk)
    looked_at(request, found)
    rows = Person.objects.filter(Q(pk=found.pk) | Q(merged_into=found)).values("pk")
    sent = Submission.objects.filter(person__in=rows).values("application")
    memberships, orders, decisions, others, roles, logins = read_all(
        Rows(Membership.objects.filter(person__in=rows).order_by("-begun_at"), "organisation"),
        submitted(Application.objects.filter(pk__in=sent)),
        Rows(
            Decision.objects.filter(reviewer__in=rows).order_by("-at")[:MOST],
            *["application", "application__organisation"],
        ),
        Rows(
            AccountDecision.objects.filter(decided_by__in=rows).order_by("-at")[:MOST],
            "organisation",
        ),
        Rows(found.staff_roles.order_by("-granted_at"), "granted_by"),
        Rows(found.logins.order_by(F("last_login").desc(nulls_last=True))),
    )
    context = {
        "shown": found,
        "login": first(logins),
        "roles": [(role, KINDS[role.kind]) for role in roles],
        "is_superuser": any(one.is_superuser and one.is_active for one in logins),
        "memberships": memberships,
        "orders": newest_orders(orders, now=clock.now()),
        "decisions": decisions,
        "account_decisions": others,
    }
    return render(request, "applications/console/person.html", context)

"""Customer accounts: finding one, its people and their rights, and what the authority decides."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts import access
from accounts.models import AccountDecision, BusinessId, Membership, Organisation
from accounts.register.identifiers import business_id as read_business_id
from accounts.register.lookup import queries
from accounts.right_to_act import is_unconfirmed, right_of
from accounts.services.rights import documents as papers
from applications import services
from applications.services.reviewer.accounts import (
    CERTIFICATES,
    DRAFTS,
    ENDED_ORDERS,
    INVITATIONS,
    LINKS,
    RETURNED,
    STOPPED,
    Prospect,
    to_oversee,
)
from applications.services.reviewer.rights import to_confirm
from applications.views.console.case.forms import RightNoteForm
from applications.views.shared.entry import by_person
from certportal.foundation import clock
from certportal.foundation.web.forms import Form, LongTextField, SearchField

PER_PAGE = 25
FOLLOWED: dict[str, Promise] = {
    ENDED_ORDERS: _("Orders ended"),
    RETURNED: _("Orders returned to review"),
    DRAFTS: _("Drafts removed"),
    STOPPED: _("Replacements of certificates stopped"),
    LINKS: _("Links of technical contacts ended"),
    INVITATIONS: _("Invitations cancelled"),
    CERTIFICATES: _("Certificates that stay in force"),
}


class AccountSearchForm(Form):
    """One field that finds an account, and a choice of those nobody has confirmed."""

    q = SearchField(
        label=_("Search for an account"),
        help_text=_("Name or business ID of the organisation."),
    )


class ReasonsForm(Form):
    """Why the authority decides so; everybody concerned reads it."""

    reasons = LongTextField(
        label=_("Reasons of the decision"),
        help_text=_("Everybody concerned gets them by email."),
        missing=_("Write the reasons of the decision."),
    )


@access.reviewer_required
@require_safe
def accounts(request: HttpRequest) -> HttpResponseBase:
    """List the accounts, those that wait for somebody's right to be confirmed on top."""
    form = AccountSearchForm(request.GET)
    query = form.cleaned_data["q"] if form.is_valid() else ""
    page = Paginator(_listed(_found(query.strip())), PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page_obj": page, "query": query}
    return render(request, "applications/console/accounts.html", context)


@access.reviewer_required
@require_safe
def account(request: HttpRequest, organisation_id: UUID) -> HttpResponseBase:
    """Show an account: its people and their rights, who asks for it, and what was decided."""
    found = get_object_or_404(Organisation, pk=organisation_id)
    code, now = found.business_id, clock.now()
    context = {
        "account": found,
        "code": code,
        "units": queries.find_units(code, on=clock.day(now)) if code else [],
        "members": members_of(found),
        "documents": found.right_documents.select_related("person"),
        "joining": found.join_requests.filter(settled_at=None).select_related("person"),
        "asked": found.administrator_requests.select_related("person"),
        "decisions": [(one, followed(one)) for one in _decisions(found)],
        "left": [] if code else services.preview_closing(found, now=now).certificates,
        "may_decide": access.may_oversee(access.person_of(request), found.pk, now=now),
    }
    return render(request, "applications/console/account.html", context)


@access.reviewer_required
@access.reauthentication_required
def confirm(request: HttpRequest, membership_id: int) -> HttpResponseBase:
    """Confirm a member's right to act without an order: by a document that was handed in.

    One that was confirmed on the person's word alone can be confirmed by something better, or until
    another day.
    """
    found = _membership(membership_id)
    documents = papers.documents_about(found)
    form = RightNoteForm(
        request.POST or None,
        right=found,
        documents=documents.exists(),
        now=clock.now(),
    )
    if request.method == "POST" and form.is_valid():
        services.confirm_right(
            found.pk, note=form.cleaned_data["note"], until=form.until, **by_person(request)
        )
        messages.success(request, _("The authority to act has been confirmed."))
        return redirect("console:account", found.organisation_id)
    context = {
        "membership": found,
        "form": form,
        "documents": documents,
        "asked": found.organisation.administrator_requests.filter(decided_at=None),
        "obstacles": list(to_confirm(found, access.person_of(request), now=clock.now())),
    }
    return render(request, "applications/console/member_confirm.html", context)


@access.reviewer_required
@access.reauthentication_required
def withdraw(request: HttpRequest, membership_id: int) -> HttpResponseBase:
    """Show what rests on a member's right, and take back that it is confirmed."""
    said = _("The right is no longer confirmed, and all concerned are told.")
    act, preview = services.withdraw_right, services.preview_withdrawal
    return _decide(request, "member_withdraw", _membership(membership_id), act, preview, said)


@access.reviewer_required
@access.reauthentication_required
def end(request: HttpRequest, membership_id: int) -> HttpResponseBase:
    """Show what a membership carries, and end it."""
    said = _("The membership has ended, and all concerned are told.")
    act, preview = services.end_membership, services.preview_end
    return _decide(request, "member_end", _membership(membership_id), act, preview, said)


@access.reviewer_required
@access.reauthentication_required
def close(request: HttpRequest, organisation_id: UUID) -> HttpResponseBase:
    """Show what the account holds, and close it."""
    found = get_object_or_404(Organisation, pk=organisation_id)
    said = _("The account has been closed, and all concerned are told.")
    act, preview = services.close_account, services.preview_closing
    return _decide(request, "account_close", found, act, preview, said)


def _decide(
    request: HttpRequest,
    name: str,
    about: Membership | Organisation,
    act: Callable[..., object],
    preview: Callable[..., Prospect],
    said: Promise,
) -> HttpResponseBase:
    """Show what the decision affects, and make it once its reasons are given."""
    account = about.organisation if isinstance(about, Membership) else about
    form = ReasonsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act(about.pk, **form.cleaned_data, **by_person(request))
        messages.success(request, str(said))
        return redirect("console:account", account.pk)
    now = clock.now()
    prospect = preview(about, now=now)
    context = {
        "account": account,
        "membership": about,
        "form": form,
        "prospect": prospect,
        "obstacle": next(to_oversee(account, prospect, access.person_of(request), now=now), None),
    }
    return render(request, f"applications/console/{name}.html", context)


def _decisions(account: Organisation) -> QuerySet[AccountDecision]:
    return account.decisions.select_related("membership__person", "decided_by")


def followed(decision: AccountDecision) -> list[tuple[str, int]]:
    """Return what followed from the decision: each kind in words, with its count."""
    return [(str(FOLLOWED[kind]), count) for kind, count in decision.followed.items()]


def members_of(account: Organisation) -> list[dict[str, Any]]:
    """Return the members, present and past, each with what their right rests on."""
    found = account.memberships.select_related("person", "organisation", "confirmed_by")
    seen = found.annotate(seen=Max("person__logins__last_login"))
    ordered = seen.order_by(F("ended_at").desc(nulls_first=True), "begun_at")
    rows = [_member(one, account) for one in ordered]
    # Also a former member's: the right of whom they invited may rest on it.
    live = {row["right"].pk for row in rows if row["right"] and not row["membership"].ended_at}
    for row in rows:
        row["is_weak"] = row["membership"].is_weak and row["membership"].pk in live
    return rows


def _member(one: Membership, account: Organisation) -> dict[str, Any]:
    right = right_of(one.person, account) if one.ended_at is None else one
    return {
        "membership": one,
        "right": right,
        "behind": right.person if right and right.person_id != one.person_id else None,
        "is_unconfirmed": is_unconfirmed(right),
        "is_confirmed_itself": not is_unconfirmed(one),
    }


def _found(query: str) -> QuerySet[Organisation]:
    """Return the accounts that the words or the business ID fit; all of them without any."""
    if not query:
        return Organisation.objects.all()
    held = BusinessId.objects.filter(code=read_business_id(query) or query)
    return Organisation.objects.filter(
        Q(name__icontains=query) | Q(pk__in=held.values("organisation"))
    )


def _listed(found: QuerySet[Organisation]) -> QuerySet[Organisation]:
    """Add what the list tells, and put on top where a document or a request waits."""
    own = Membership.objects.filter(organisation=OuterRef("pk"))
    current = Q(memberships__ended_at=None)
    codes = Prefetch("business_ids", BusinessId.objects.filter(valid_to=None))
    return (
        found.annotate(
            is_confirmed=Exists(own.exclude(basis__in=Membership.UNCONFIRMED)),
            is_open=Exists(BusinessId.objects.filter(organisation=OuterRef("pk"), valid_to=None)),
            people=Count("memberships", filter=current, distinct=True),
            papers=Count("right_documents", distinct=True),
            asked=Count(
                "administrator_requests",
                filter=Q(administrator_requests__decided_at=None),
                distinct=True,
            ),
        )
        .prefetch_related(codes)
        .order_by(F("is_open").desc(), "-asked", "is_confirmed", "-papers", "-founded_at")
    )


def _membership(membership_id: int) -> Membership:
    found = Membership.objects.select_related("person", "organisation", "confirmed_by")
    return get_object_or_404(found, pk=membership_id)

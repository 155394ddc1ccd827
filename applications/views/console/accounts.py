"""Customer accounts: search, people and their rights, and decisions of the authority."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import access, consents
from accounts.models import (
    AccountDecision,
    AdministratorRequest,
    BusinessId,
    Membership,
    Organisation,
    RightDocument,
    SupplierConsent,
)
from accounts.page_reading import read_once
from accounts.register.lookup import queries
from accounts.register.models import RegisterRecord
from accounts.right_to_act import is_unconfirmed, know_rights, may_be_confirmed, right_of
from accounts.services.organisations.named import organisations_named
from accounts.services.rights import documents as papers
from accounts.services.rights.confirm import ConfirmedAlready, OtherEvidence
from applications import services
from applications.models import Application, Domain
from applications.rules.domains import with_proofs
from applications.services.reviewer import accounts as deciding
from applications.services.reviewer.rights import to_confirm
from applications.services.reviewer.shown_prospect import OtherTouched, mark_of
from applications.views.account.domains import state
from applications.views.console.case import background
from applications.views.console.case.forms import RightNoteForm
from applications.views.console.entry import confirmed_lately, looked_at, page_of
from applications.views.shared.entry import by_person, leading_to
from applications.views.shared.forms import ShownField
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Rows, Wanted, ask_together
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.database.related_rows import parts
from certportal.foundation.web.forms import Form, LongTextField
from certportal.foundation.web.in_order import InOrder
from certportal.foundation.web.search_form import SearchForm
from issuance.models import Certificate

PER_PAGE = 25
MOST_DOMAINS = 50
PARTS = {
    "business_ids": [],
    "decisions": ["membership", "membership__person", "decided_by"],
    "right_documents": ["person"],
    "join_requests": ["person"],
    "administrator_requests": ["person"],
}
"""Relations of an account that its page shows, each with its own related objects."""
OPEN_IDS = BusinessId.objects.filter(organisation=OuterRef("pk"), valid_to=None)
MEMBERSHIPS = Membership.objects.filter(organisation=OuterRef("pk"))
CONFIRMED = Membership.objects.exclude(basis__in=Membership.UNCONFIRMED)
PAPERS = RightDocument.objects.filter(organisation=OuterRef("pk"))
ASKED = AdministratorRequest.objects.filter(organisation=OuterRef("pk"), decided_at=None)
CONSENT = ("customer", "supplier", "given_by")
FOLLOWED: dict[str, Promise] = {
    deciding.ENDED_ORDERS: _("Orders ended"),
    deciding.RETURNED: _("Orders returned to review"),
    deciding.DRAFTS: _("Drafts removed"),
    deciding.STOPPED: _("Replacements of certificates stopped"),
    deciding.LINKS: _("Links of technical contacts ended"),
    deciding.INVITATIONS: _("Invitations cancelled"),
    deciding.CONSENTS: _("Permissions of suppliers ended"),
    deciding.CERTIFICATES: _("Certificates that stay in force"),
}


class ReasonsForm(Form):
    """The reasons of the authority's decision; everybody concerned reads them.

    `shown`: the mark of what the page showed that the decision touches.
    """

    reasons = LongTextField(
        label=_("Reasons of the decision"),
        help_text=_("Everybody concerned gets them by email."),
        missing=_("Write the reasons of the decision."),
    )
    shown = ShownField()


@access.reviewers_read
def accounts(request: HttpRequest) -> HttpResponseBase:
    """List the accounts; those with requests or rights that wait for a reviewer come first."""
    label, hint = _("Search for an account"), _("Name or business ID of the organisation.")
    form = SearchForm(request.GET, label=label, help_text=hint)
    found = _listed(organisations_named(form.words))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page_obj": page, "rows": _described(page.object_list)}
    return render(request, "applications/console/accounts.html", context)


@read_once
@access.reviewers_read
def account(request: HttpRequest, organisation_id: UUID) -> HttpResponseBase:
    """Show an account: its people and their rights, orders, certificates and decisions."""
    organisation = get_object_or_404(Organisation, pk=organisation_id)
    looked_at(request, organisation)
    person, now = access.person_of(request), clock.now()
    orders, certificates, given = list[Application](), list[Certificate](), list[SupplierConsent]()
    domains = list[Domain]()
    ask_together(
        *(parts(organisation, name, *beside) for name, beside in PARTS.items()),
        access.is_partial.of(person, organisation.pk, now=now),
        Wanted(background.submitted(organisation.applications.all()), orders.extend),
        Wanted(background.of_account(organisation.pk), certificates.extend),
        Wanted(Rows(consents.of_account(organisation.pk, now=now), *CONSENT), given.extend),
        Wanted(Rows(organisation.domains.all()[: MOST_DOMAINS + 1]), domains.extend),
    )
    code = organisation.business_id
    context = {
        "account": organisation,
        "code": code,
        "units": entries_of(organisation, on=clock.day(now)),
        "orders": background.newest_orders(orders, now=now),
        "certificates": background.newest_certificates(certificates, now=now),
        "domains": [
            (one, found, *state(found)[:2])
            for one, found in with_proofs(
                domains[:MOST_DOMAINS], organisation.domains.all(), now=now
            )
        ],
        "more_domains": len(domains) > MOST_DOMAINS,
        "members": members_of(organisation),
        "documents": organisation.right_documents.all(),
        "joining": [one for one in organisation.join_requests.all() if one.settled_at is None],
        "asked": organisation.administrator_requests.all(),
        "consents": given,
        "decisions": [(decision, followed(decision)) for decision in organisation.decisions.all()],
        "left": [] if code else services.preview_closing(organisation, now=now).certificates,
        "may_decide": access.may_oversee(person, organisation.pk, now=now),
    }
    return render(request, "applications/console/account.html", context)


def entries_of(organisation: Organisation, *, on: date) -> list[RegisterRecord]:
    """Return the organisation's entries in force in the register of its kind."""
    code = organisation.business_id
    if organisation.kind != Organisation.Kind.INTERMEDIARY:
        return queries.find_units(code, on=on)
    entry = queries.find_intermediary(code, on) if code else None
    return [entry] if entry else []


def _of_member(_request: HttpRequest, membership_id: int) -> str:
    membership = _membership(membership_id)
    return f"{membership.person}, {membership.organisation.name}"


def _of_account(_request: HttpRequest, organisation_id: UUID) -> str:
    return get_object_or_404(Organisation, pk=organisation_id).name


@access.reviewer_required
@confirmed_lately(_("Confirm the authority to act"), _of_member)
def confirm(request: HttpRequest, membership_id: int) -> HttpResponseBase:
    """Confirm a member's right to act from the account's page, for example by a document.

    A right confirmed on the person's word alone can be confirmed again by better evidence, or until
    another day.
    """
    membership = _membership(membership_id)
    with leading_to("console:account", membership.organisation_id):
        return _confirm(request, membership)


def _confirm(request: HttpRequest, membership: Membership) -> HttpResponseBase:
    if not may_be_confirmed(membership):
        raise ConfirmedAlready
    looked_at(request, membership.organisation)
    documents = list(papers.documents_about(membership))
    form = RightNoteForm(
        request.POST or None, right=membership, documents=documents, now=clock.now()
    )
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            services.confirm_right(membership.pk, **form.given, **by_person(request))
        except OtherEvidence as other:
            refusal, documents = other, list(papers.documents_about(membership))
            membership.refresh_from_db()
            form.retype(shown=papers.mark_of(documents, membership))
        else:
            messages.success(request, _("The authority to act has been confirmed."))
            return redirect("console:account", membership.organisation_id)
    context = {
        "membership": membership,
        "form": form,
        "documents": documents,
        "asked": membership.organisation.administrator_requests.filter(decided_at=None),
        "obstacles": list(to_confirm(membership, access.person_of(request), now=clock.now())),
    }
    return page_of(request, "member_confirm", context, refusal)


@access.reviewer_required
@confirmed_lately(_("Withdraw the confirmation"), _of_member)
def withdraw(request: HttpRequest, membership_id: int) -> HttpResponseBase:
    """Show what rests on a member's right, and withdraw its confirmation."""
    message = _("The right is no longer confirmed, and all concerned are told.")
    act, preview = services.withdraw_right, services.preview_withdrawal
    return _decide(request, "member_withdraw", _membership(membership_id), act, preview, message)


@access.reviewer_required
@confirmed_lately(_("End the membership"), _of_member)
def end(request: HttpRequest, membership_id: int) -> HttpResponseBase:
    message = _("The membership has ended, and all concerned are told.")
    act, preview = services.end_membership, services.preview_end
    return _decide(request, "member_end", _membership(membership_id), act, preview, message)


@access.reviewer_required
@confirmed_lately(_("Close the account"), _of_account)
def close(request: HttpRequest, organisation_id: UUID) -> HttpResponseBase:
    account = get_object_or_404(Organisation, pk=organisation_id)
    message = _("The account has been closed, and all concerned are told.")
    act, preview = services.close_account, services.preview_closing
    return _decide(request, "account_close", account, act, preview, message)


def _decide(
    request: HttpRequest,
    name: str,
    about: Membership | Organisation,
    act: Callable[..., object],
    preview: Callable[..., deciding.Prospect],
    message: Promise,
) -> HttpResponseBase:
    """Show what the decision affects, and make it when its reasons are given."""
    account = about.organisation if isinstance(about, Membership) else about
    looked_at(request, account)
    form = ReasonsForm(request.POST or None)
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            act(about.pk, **form.cleaned_data, **by_person(request))
        except OtherTouched as other:
            refusal = other
        else:
            messages.success(request, str(message))
            return redirect("console:account", account.pk)
    now = clock.now()
    prospect = preview(about, now=now)
    mark = mark_of(prospect)
    form.initial["shown"] = mark
    if form.is_bound:
        form.retype(shown=mark)
    context = {
        "account": account,
        "membership": about,
        "form": form,
        "prospect": prospect,
        "obstacle": next(
            deciding.to_oversee(account, prospect, access.person_of(request), now=now), None
        ),
    }
    return page_of(request, name, context, refusal)


def followed(decision: AccountDecision) -> list[tuple[str, int]]:
    """Return the consequences of the decision: each kind in words, with its count."""
    return [(str(FOLLOWED[kind]), count) for kind, count in decision.followed.items()]


def members_of(account: Organisation) -> list[dict[str, Any]]:
    """Return present and past members, each with the membership that their right rests on."""
    members = account.memberships.select_related("person", "organisation", "confirmed_by")
    with_login = members.annotate(seen=Max("person__logins__last_login"))
    ordered = with_login.order_by(F("ended_at").desc(nulls_first=True), "begun_at")
    with one_reading():
        know_rights(ordered)
        rows = [_member(member, account) for member in ordered]
    # The right of a former member counts too, because rights of people they invited may rest on it.
    live = {row["right"].pk for row in rows if row["right"] and not row["membership"].ended_at}
    for row in rows:
        row["is_weak"] = row["membership"].is_weak and row["membership"].pk in live
    return rows


def _member(member: Membership, account: Organisation) -> dict[str, Any]:
    right = right_of(member.person, account) if member.ended_at is None else member
    return {
        "membership": member,
        "right": right,
        "behind": right.person if right and right.person_id != member.person_id else None,
        "is_unconfirmed": is_unconfirmed(right),
        "is_confirmed_itself": not is_unconfirmed(member),
    }


def _listed(accounts: QuerySet[Organisation]) -> InOrder[Organisation]:
    """Sort the accounts: first those where somebody waits for a reviewer, then the newest.

    A request waits, or the right of everybody in the account is unconfirmed. These accounts are
    found by their few requests and memberships, and the others in the order of an index: a page
    takes no longer when there are many accounts.
    """
    asked = AdministratorRequest.objects.filter(decided_at=None).values("organisation")
    unverified = Membership.objects.filter(basis=Membership.Basis.UNVERIFIED)
    others_of = CONFIRMED.filter(organisation=OuterRef("organisation"))
    unconfirmed = unverified.exclude(Exists(others_of)).values("organisation")
    waiting = Organisation.objects.filter(Exists(OPEN_IDS), pk__in=asked.union(unconfirmed))
    papers = RightDocument.objects.exclude(organisation=None)  # NULL would make each answer NULL
    first = accounts.filter(pk__in=waiting.values("pk")).annotate(
        is_asked=Q(pk__in=asked), has_papers=Q(pk__in=papers.values("organisation"))
    )
    others = accounts.exclude(pk__in=waiting.values("pk"))
    return InOrder(
        first.order_by("-is_asked", "-has_papers", "-founded_at", "pk"),
        others.order_by("-founded_at", "pk"),
    )


def _described(accounts: Iterable[Organisation]) -> list[Organisation]:
    """Return the accounts with their numbers of `people`, `papers` and requests (`asked`).

    Also with their current business ID (`code`), empty where the account is closed, and with
    `is_confirmed`: whether the right of a member was confirmed.
    """
    described = Organisation.objects.annotate(
        code=Subquery(OPEN_IDS.values("code")),
        is_confirmed=Exists(CONFIRMED.filter(organisation=OuterRef("pk"))),
        people=_number(MEMBERSHIPS.filter(ended_at=None)),
        papers=_number(PAPERS),
        asked=_number(ASKED),
    )
    keys = [account.pk for account in accounts]
    found = described.in_bulk(keys)
    return [found[key] for key in keys if key in found]


def _number(rows: QuerySet[Any]) -> Coalesce:
    """Return the number of the account's rows as a subquery."""
    of_account = rows.order_by().values("organisation").annotate(number=Count("pk"))
    return Coalesce(Subquery(of_account.values("number")), 0)


def _membership(membership_id: int) -> Membership:
    members = Membership.objects.select_related("person", "organisation", "confirmed_by")
    return get_object_or_404(members, pk=membership_id)

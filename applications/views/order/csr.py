"""Give the certificate request (CSR): upload it, see the findings, and confirm it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import access
from applications import services
from applications.access import get_part
from applications.checks.wording import word, word_all
from applications.errors import Changed, NotPossible, PrivateKeyFound, UnfitCsr
from applications.models import Application, Csr
from applications.rules import possible_actions, proposed_names, sections
from applications.rules.certificate_names import settled_names
from applications.views.order import next_step
from applications.views.order.forms.csr import CsrForm
from applications.views.order.forms.parts import ProposedNamesForm
from applications.views.shared import stale
from applications.views.shared.comparison import COLUMNS, comparison
from applications.views.shared.entry import as_seen, order_view, seen_version
from applications.views.shared.forms import VersionForm
from applications.views.shared.page import about, back_url, order_url
from applications.views.shared.summary import part_url
from applications.workflow import Action, Role, Status
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.errors import TooMany
from certportal.foundation.web import limits
from certportal.foundation.web.forms import shown_again
from certportal.foundation.web.queries import kept_query
from issuance.csr import Report, differences, is_for_another, remedies


@dataclass(frozen=True, slots=True)
class Giver:
    """Who gives the request of an order, the applicant or the technical contact, and their pages.

    `page` is the common context of the giver's pages; `preview_url` returns the URL of the preview
    of a stored request; `used` makes the response once the order uses the request.
    """

    application: Application
    actor: Actor
    role: Role
    page: dict[str, Any]
    preview_url: Callable[[UUID], str]
    used: Callable[[Application], HttpResponse]


def attachable(
    application: Application, role: Role = Role.APPLICANT, *, by_link: bool = False
) -> bool:
    """Return whether a sent order accepts a request: it waits for one, or is not claimed yet."""
    actions = (Action.ATTACH_CSR, Action.REPLACE_CSR, Action.PROPOSE_NAMES)
    by: dict[str, Any] = {"by_link": by_link, "now": clock.now()}
    return any(possible_actions.may(action, application, role, **by) for action in actions)


def _is_chosen_by(giver: Giver) -> bool:
    """Return whether the request is saved as a part of the form, not attached to a sent order."""
    editable = sections.editable(giver.application, now=clock.now())
    return giver.role == Role.APPLICANT and "csr" in editable


def _require_open(giver: Giver) -> None:
    by_link = giver.actor.is_by_link
    if not (_is_chosen_by(giver) or attachable(giver.application, giver.role, by_link=by_link)):
        raise NotPossible(status=giver.application.status_words_for(giver.role))


def ask(request: HttpRequest, giver: Giver) -> HttpResponse:
    """Ask for the request, with instructions for this order; examine the upload."""
    _require_open(giver)
    application = giver.application
    by = application.csr_by if giver.role == Role.APPLICANT and application.csr_id is None else ""
    form = CsrForm(
        request.POST or None,
        request.FILES or None,
        later=application.status == Status.DRAFT,
        initial={"version": application.version, "how": by or "file"},
    )
    if request.method == "POST" and form.is_valid():
        try:
            return _later(request, giver, form) if form.later_by else _examine(request, giver, form)
        except TooMany as refusal:
            form.refuse(refusal)
            return limits.too_many(_form(request, giver, form), refusal)
    if form.is_bound:
        form.keep_file()
    return _form(request, giver, form)


def _form(request: HttpRequest, giver: Giver, form: CsrForm) -> HttpResponse:
    now = clock.now()
    named = {"organisation": settled_names(giver.application, now=now).organisation}
    context = {
        "form": form,
        "instructions": instructions(giver.application, now=now),
        "commands_url": reverse("csr_doctor", query=named),
        "names_awaited": proposed_names.are_awaited(giver.application),
        "may_leave": giver.application.status == Status.DRAFT,
    }
    return render(request, "applications/csr.html", giver.page | context)


def _later(request: HttpRequest, giver: Giver, form: CsrForm) -> HttpResponse:
    values = {"csr_by": form.later_by, "csr": None}
    saved = services.save_section(giver.application.pk, "csr", values, **as_seen(request))
    return giver.used(saved)


def _examine(request: HttpRequest, giver: Giver, form: CsrForm) -> HttpResponse:
    try:
        stored = services.upload_csr(
            giver.application.pk, form.data_given(), actor=giver.actor, now=clock.now()
        )
    except PrivateKeyFound as refusal:
        context = giver.page | {"refusal": refusal}
        return render(request, "applications/csr_private_key.html", context, status=400)
    except UnfitCsr as refusal:
        said = _("Here is everything we found and how to fix it. Nothing was saved.")
        page = giver.page | {"file_name": form.file_name}
        return refused(request, page, refusal, said=said)
    return redirect(giver.preview_url(stored.pk))


def confirm(request: HttpRequest, giver: Giver, stored: Csr) -> HttpResponse:
    """Show the decoded request beside register and certificate; use it when confirmed."""
    if "host_names" in request.POST and proposed_names.confirmed_at(giver.application):
        typed = shown_again(request.POST).get("host_names", "").split()
        return _preview(request, giver, stored, status=409, confirmed=True, typed=typed)
    _require_open(giver)
    if proposed_names.are_awaited(giver.application) and not _is_chosen_by(giver):
        return _propose(request, giver, stored)
    if request.method != "POST":
        return _preview(request, giver, stored)
    key, version = giver.application.pk, seen_version(request)
    common: dict[str, Any] = {"version": version, "actor": giver.actor, "now": clock.now()}
    try:
        if _is_chosen_by(giver):
            saved = services.choose_csr(key, stored.pk, **common)
        else:
            saved = services.attach_csr(key, stored.pk, role=giver.role, **common)
    except UnfitCsr as refusal:
        return refused(request, giver.page, refusal)
    return giver.used(saved)


def _preview(
    request: HttpRequest, giver: Giver, stored: Csr, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = giver.page | _previewed(giver.application, stored, now=clock.now()) | more
    return render(request, "applications/csr_preview.html", context, status=status)


def _propose(request: HttpRequest, giver: Giver, stored: Csr) -> HttpResponse:
    """Ask which host names to propose with the request; the form starts with those in it."""
    now = clock.now()
    form = ProposedNamesForm(
        giver.application, request.POST or None, today=clock.day(now), stored=stored
    )
    if request.method != "POST" or not form.is_valid():
        return _preview(request, giver, stored, form=form, names_awaited=True)
    try:
        saved = services.propose_names(
            giver.application.pk,
            stored.pk,
            names=form.cleaned_data["host_names"],
            role=giver.role,
            version=seen_version(request),
            actor=giver.actor,
            now=now,
        )
    except UnfitCsr as refusal:
        return refused(request, giver.page, refusal)
    except TooMany as refusal:
        form.refuse(refusal)
        return limits.too_many(
            _preview(request, giver, stored, form=form, names_awaited=True), refusal
        )
    except Changed as refusal:
        context = stale.kept(request, giver.application, form, refusal)
        context |= {"status": refusal.status, "form": form, "names_awaited": True}
        return _preview(request, giver, stored, **context)
    for message in form.said:
        messages.info(request, message)
    return giver.used(saved)


def instructions(application: Application, *, now: datetime) -> dict[str, str]:
    """Return settings and commands filled in for this order; {} while it has no names."""
    names = settled_names(application, now=now)
    if not names.organisation or not (names.common_name or names.dns_names):
        return {}
    return remedies.instructions(names)


def refused(
    request: HttpRequest, page: dict[str, Any], refusal: UnfitCsr, *, said: str = ""
) -> HttpResponse:
    """Show the faults of the request and how to make another; `said` is shown first."""
    report = refusal.report
    assert isinstance(report, Report)
    context = {
        "report": report,
        "findings": _words(report),
        "decoded": report.csr,
        "instructions": instructions(page["application"], now=clock.now()),
        "tool": remedies.tool_of(report.csr),
        "refusal": refusal,
        "said": said,
    }
    return render(request, "applications/csr_unfit.html", page | context)


def _words(report: Report) -> list[Any]:
    """Return the findings in words, the blocking ones first."""
    return word_all([finding.to_json() for finding in report.findings])


def _previewed(application: Application, stored: Csr, *, now: datetime) -> dict[str, Any]:
    """Return the preview's context: a stored request compared with the present order."""
    report = Report.from_json(stored.report)
    expected = settled_names(application, now=now)
    assert report.csr is not None  # only accepted requests are stored
    own = [finding for finding in report.findings if not finding.rule.startswith("expected.")]
    return {
        "differences": [word(finding) for finding in differences(report.csr, expected)],
        "for_another": is_for_another(report.csr, expected),
        "form": VersionForm(initial={"version": application.version}),
        "stored": stored,
        "decoded": stored.report["csr"],
        "findings": _words(replace(report, findings=own)),
        "columns": [str(name) for name in COLUMNS],
        "rows": comparison(application, stored, now=now),
    }


def give(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask the applicant for the request."""
    return ask(request, _applicant(request, application))


@order_view
def give_later(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for the request of an order that was sent without one, or replace it."""
    return give(request, application)


@order_view
def preview(request: HttpRequest, application: Application, csr_id: UUID) -> HttpResponse:
    """Show a stored request of the order, and confirm it."""
    stored = get_part(access.actor_of(request), application.csrs.all(), csr_id)
    return confirm(request, _applicant(request, application), stored)


def _applicant(request: HttpRequest, application: Application) -> Giver:
    def preview_url(csr_id: UUID) -> str:
        return f"{reverse('applications:csr', args=[application.pk, csr_id])}{kept_query(request)}"

    def used(saved: Application) -> HttpResponse:
        part = saved.status in {Status.DRAFT, Status.NAMES_PROPOSED, Status.INFO_REQUESTED}
        url = next_step.after(request, saved, "csr") if part else order_url(saved)
        return redirect(url)

    actor, page = access.actor_of(request), page_of(request, application)
    return Giver(application, actor, Role.APPLICANT, page, preview_url, used)


def page_of(request: HttpRequest, application: Application) -> dict[str, Any]:
    """Return the common context of the applicant's pages about the request."""
    part = application.status == Status.DRAFT or not attachable(application)
    address = (
        part_url(application, "csr")
        if part
        else reverse("applications:give_csr", args=[application.pk])
    )
    return about(application, back=back_url(request, application), give_url=address)

"""Giving the certificate request: upload, what was found in it, and confirming it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import access
from applications import contents, services, workflow
from applications.access import get_part
from applications.errors import NotPossible, PrivateKeyFound, UnfitCsr
from applications.forms.csr import CsrForm
from applications.forms.shared import VersionForm
from applications.kinds import CertificateType
from applications.models import Application, Csr
from applications.naming import expected_names
from applications.views import going
from applications.views.comparison import COLUMNS, comparison
from applications.views.entry import acting, order_view, seen_version
from applications.wording import word_all
from applications.workflow import Action, Role, Status
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from issuance import remedies
from issuance.csr import Report


def attachable(application: Application, role: Role = Role.APPLICANT) -> bool:
    """Return whether a submitted order takes a request: it waits for one, or nobody reviews yet."""
    status = application.status
    if workflow.may(Action.ATTACH_CSR, status, role):
        return True
    free = application.reviewer_id is None
    return free and workflow.may(Action.REPLACE_CSR, status, role)


def open_to_csr(application: Application) -> bool:
    """Return whether a request may be given now."""
    return "csr" in contents.editable(application, now=clock.now()) or attachable(application)


def give(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for the request; examine what comes."""
    if not open_to_csr(application):
        raise NotPossible
    later = application.status == Status.DRAFT
    form = CsrForm(
        request.POST or None,
        request.FILES or None,
        later=later,
        initial={"version": application.version, "how": _how(application)},
    )
    if request.method == "POST" and form.is_valid():
        if form.later_by:
            return _later(request, application, form)
        try:
            return _examine(request, application, form)
        except TooMany as refusal:
            form.add_error(None, str(refusal))
            return limited(_ask(request, application, form), refusal)
    return _ask(request, application, form)


def limited(page: HttpResponse, refusal: TooMany) -> HttpResponse:
    """Answer with the form as it was filled in, saying that and when to try again."""
    page.status_code = refusal.status
    page["Retry-After"] = str(refusal.retry_after)
    return page


@order_view
@require_http_methods(["GET", "POST"])
def give_later(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for the request of an order that was sent without one, or replace it."""
    return give(request, application)


def _how(application: Application) -> str:
    return application.csr_by if application.csr_by and application.csr_id is None else "file"


def _ask(request: HttpRequest, application: Application, form: CsrForm) -> HttpResponse:
    context = _context(request, application) | {
        "form": form,
        "instructions": instructions(application, now=clock.now()),
    }
    return render(request, "applications/csr.html", context)


def instructions(application: Application, *, now: datetime) -> dict[str, str]:
    """Return settings and commands filled in for this order; nothing while it has no names."""
    names = expected_names(application, now=now)
    if not names.organisation or not (names.common_name or names.dns_names):
        return {}
    return remedies.instructions(names)


def _later(request: HttpRequest, application: Application, form: CsrForm) -> HttpResponse:
    values = {"csr_by": form.later_by, "csr": None}
    saved = services.save_section(
        application.pk, "csr", values, version=seen_version(request), **acting(request)
    )
    return redirect(going.after(request, saved, "csr"))


def _examine(request: HttpRequest, application: Application, form: CsrForm) -> HttpResponse:
    context = _context(request, application)
    try:
        stored = services.upload_csr(application.pk, form.data_given(), **acting(request))
    except PrivateKeyFound as refusal:
        context["refusal"] = refusal
        return render(request, "applications/csr_private_key.html", context, status=400)
    except UnfitCsr as refusal:
        context |= {"refusal": refusal, **unfit(application, refusal, now=clock.now())}
        return render(request, "applications/csr_unfit.html", context)
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(f"{reverse('applications:csr', args=[application.pk, stored.pk])}{query}")


def unfit(application: Application, refusal: UnfitCsr, *, now: datetime) -> dict[str, Any]:
    """Return what the page of a refused request shows: faults, content, and how to make another."""
    report = refusal.report
    assert isinstance(report, Report)
    return {
        "findings": words(report),
        "decoded": report.csr,
        "instructions": instructions(application, now=now),
    }


def words(report: Report) -> list[Any]:
    """Return the findings in words, the blocking ones first."""
    return word_all([finding.to_json() for finding in report.findings])


@order_view
@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, application: Application, csr_id: UUID) -> HttpResponse:
    """Show the decoded request beside the register and the certificate; confirm it."""
    stored = get_part(access.actor_of(request), application.csrs.all(), csr_id)
    if not open_to_csr(application):
        raise NotPossible
    if request.method == "POST":
        return _confirm(request, application, stored)
    context = _context(request, application) | previewed(application, stored, now=clock.now())
    return render(request, "applications/csr_preview.html", context)


def previewed(application: Application, stored: Csr, *, now: datetime) -> dict[str, Any]:
    """Return what the preview shows of a stored request."""
    return {
        "form": VersionForm(initial={"version": application.version}),
        "stored": stored,
        "decoded": stored.report["csr"],
        "findings": words(Report.from_json(stored.report)),
        "columns": [str(name) for name in COLUMNS],
        "rows": comparison(application, stored, now=now),
    }


def _confirm(request: HttpRequest, application: Application, stored: Csr) -> HttpResponse:
    version = seen_version(request)
    if "csr" in contents.editable(application, now=clock.now()):
        saved = services.choose_csr(application.pk, stored.pk, version=version, **acting(request))
        return redirect(going.after(request, saved, "csr"))
    services.attach_csr(
        application.pk, stored.pk, role=Role.APPLICANT, version=version, **acting(request)
    )
    return redirect(going.order_url(application))


def _context(request: HttpRequest, application: Application) -> dict[str, Any]:
    draft = application.status == Status.DRAFT
    address = reverse("applications:part", args=[application.pk, "csr"])
    if not draft and attachable(application):
        address = reverse("applications:give_csr", args=[application.pk])
    return {
        "application": application,
        "is_test": CertificateType(application.type).is_test,
        "is_draft": draft,
        "give_url": address,
        "back": going.back_url(request, application),
    }

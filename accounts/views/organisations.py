"""Founding the account of an organisation, and choosing for whom one acts."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.forms import BusinessIdForm, ChooseForm, StatementForm
from accounts.middleware import CHOSEN
from accounts.models import Organisation
from accounts.register.identifiers import business_id as read_business_id
from accounts.services import founding, joining
from accounts.views.going import landing, wanted
from certportal.foundation import clock
from certportal.foundation.documents import NOT_SCANNED, Unfit
from certportal.foundation.errors import Unavailable

REFUSALS = {
    founding.Finding.TAKEN: "accounts/found_taken.html",
    founding.Finding.MEMBER: "accounts/found_member.html",
    founding.Finding.UNKNOWN: "accounts/found_unknown.html",
    founding.Finding.ENDED: "accounts/found_ended.html",
}


@access.person_required
@require_http_methods(["GET", "POST"])
def found(request: HttpRequest) -> HttpResponse:
    """Ask for the business ID of the organisation."""
    form = BusinessIdForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("accounts:confirm", form.cleaned_data["business_id"])
    context = {"form": form, "others": access.memberships(access.person_of(request)).exists()}
    return render(request, "accounts/found.html", context)


@access.person_required
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, business_id: str) -> HttpResponse:
    """Show what the registers say, take the founder's statement and found the account."""
    code = read_business_id(business_id)
    if code is None:
        return redirect("accounts:found")
    if request.method == "POST":
        return _found(request, code)
    person, now = access.person_of(request), clock.now()
    return _show(request, founding.look_up(person, code, now=now), StatementForm())


def _found(request: HttpRequest, code: str) -> HttpResponse:
    person, now = access.person_of(request), clock.now()
    form = StatementForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, founding.look_up(person, code, now=now), form)
    given, actor = form.cleaned_data, access.actor_of(request)
    statement, paper = founding.Statement(given["basis"], given["detail"]), form.paper()
    try:
        organisation = founding.found(person, code, statement, actor=actor, now=now, paper=paper)
    except founding.NotFoundable as refusal:
        return _refuse(request, founding.Prospect(code, refusal.finding))
    except (Unfit, Unavailable) as refusal:
        form.add_error("document", str(refusal if isinstance(refusal, Unfit) else NOT_SCANNED))
        return _show(request, founding.look_up(person, code, now=now), form)
    act_for(request, organisation)
    messages.success(
        request, _("The customer account of %(name)s has been founded.") % {"name": organisation}
    )
    return redirect(landing(request))


def _show(request: HttpRequest, prospect: founding.Prospect, form: StatementForm) -> HttpResponse:
    if prospect.finding is not founding.Finding.FREE:
        return _refuse(request, prospect)
    context = {"form": form, "prospect": prospect}
    return render(request, "accounts/confirm.html", context)


def _refuse(request: HttpRequest, prospect: founding.Prospect) -> HttpResponse:
    return render(request, REFUSALS[prospect.finding], {"prospect": prospect})


@access.person_required
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, business_id: str) -> HttpResponse:
    """Ask the administrators of the account there is for an invitation, and say it was done."""
    person, code = access.person_of(request), read_business_id(business_id)
    if code is None or request.method != "POST":
        return redirect("accounts:confirm", business_id)
    asked = joining.ask(person, code, actor=access.actor_of(request), now=clock.now())
    if asked is None:
        return redirect("accounts:confirm", code)
    return render(request, "accounts/join_asked.html", {"business_id": code})


@access.person_required
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Let the person choose the organisation to act for; with none, lead to founding one."""
    person = access.person_of(request)
    current = list(access.memberships(person))
    if not current:
        return redirect("accounts:found")
    form = ChooseForm([one.organisation for one in current], request.POST or None)
    asked = request.POST.get("organisation", "")
    if asked and asked not in {str(one.organisation_id) for one in current}:
        raise access.not_found(access.actor_of(request), "organisation", _key(asked))
    if request.method == "POST" and form.is_valid():
        organisation = access.get_organisation(person, form.cleaned_data["organisation"])
        act_for(request, organisation)
        return redirect(wanted(request) or landing(request))
    return render(request, "accounts/choose.html", {"form": form, "next": wanted(request)})


def _key(given: str) -> str:
    """Return what was posted if it is a key: events keep no words of people's."""
    try:
        return str(UUID(given))
    except ValueError:
        return ""


def act_for(request: HttpRequest, organisation: Organisation) -> None:
    """Act for the organisation from now on, under a session id of its own."""
    request.session[CHOSEN] = str(organisation.pk)
    request.session.cycle_key()

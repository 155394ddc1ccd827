"""The person's own page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.forms import LanguageForm
from accounts.services import preferences
from certportal.foundation import clock


@access.person_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show name, address, language and organisations; change the language."""
    person = access.person_of(request)
    form = LanguageForm(request.POST or None, initial={"language": person.language})
    if request.method == "POST" and form.is_valid():
        language = form.cleaned_data["language"]
        preferences.choose_language(
            person, language, actor=access.actor_of(request), now=clock.now()
        )
        translation.activate(language)
        messages.success(request, _("The language has been changed."))
        return redirect("accounts:profile")
    context = {"form": form, "person": person, "memberships": access.memberships(person)}
    return render(request, "accounts/profile.html", context)

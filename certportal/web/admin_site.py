"""The settings admin for superusers: strong identification; 404 for everybody else."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import access

# Not shown: rights follow roles and not Django's groups, addresses belong to `Person` and not to
# allauth, and nobody may see other people's second factors.
UNUSED = frozenset({"auth.group", "account.emailaddress", "mfa.authenticator"})
PASSWORDS = frozenset({"password_change", "password_change_done"})


class SettingsSite(AdminSite):
    """Django's admin without its login page, since logins have no passwords."""

    def register(self, model_or_iterable: Any, *args: Any, **options: Any) -> None:
        """Register the models except those in `UNUSED`."""
        one = isinstance(model_or_iterable, type)
        models: list[Any] = [model_or_iterable] if one else list(model_or_iterable)
        used = [model for model in models if model._meta.label_lower not in UNUSED]
        super().register(used, *args, **options)

    def get_urls(self) -> list[Any]:
        """Return Django's URL patterns without the pages to change a password."""
        return [one for one in super().get_urls() if getattr(one, "name", "") not in PASSWORDS]

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether a superuser who has proven the second factor makes the request.

        A person who may not enter the admin gets 404, recorded as a refused event.
        """
        if getattr(request, "person", None) is None:
            return False
        if not super().has_permission(request):
            raise access.no_page(request, "settings")
        return access.second_factor_at(request) != access.NEVER

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect visitors to identification and superusers to the second factor, and back."""
        if self.has_permission(request):
            return redirect("admin:index")
        is_known = getattr(request, "person", None) is not None
        step = "accounts:second_factor" if is_known else "accounts:login"
        return access.lead_to(step, request)  # type: ignore[return-value]

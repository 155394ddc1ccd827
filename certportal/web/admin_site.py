"""The superusers' settings admin: entered by strong identification, unseen by anybody else."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import access

# Django's groups, allauth's addresses and factors: rights follow roles here, an address is a
# person's, and nobody looks into other people's second factors.
UNUSED = frozenset({"auth.group", "account.emailaddress", "mfa.authenticator"})
PASSWORDS = frozenset({"password_change", "password_change_done"})


class SettingsSite(AdminSite):
    """Django's admin without its own door: nobody here has a password."""

    def register(self, model_or_iterable: Any, *args: Any, **options: Any) -> None:
        """Register the models but those of other people's apps that this service does not use."""
        one = isinstance(model_or_iterable, type)
        models: list[Any] = [model_or_iterable] if one else list(model_or_iterable)
        used = [model for model in models if model._meta.label_lower not in UNUSED]
        super().register(used, *args, **options)

    def get_urls(self) -> list[Any]:
        """Return Django's addresses without the pages to change a password."""
        return [one for one in super().get_urls() if getattr(one, "name", "") not in PASSWORDS]

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether a superuser asks who has proven the second factor.

        Any other person gets 404 and is recorded, as a stranger.
        """
        if getattr(request, "person", None) is None:
            return False
        if not super().has_permission(request):
            raise access.not_found(access.actor_of(request), "settings", request.path)
        return access.second_factor_at(request) != access.NEVER

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead a visitor to identification, a superuser to the second factor, and back."""
        if self.has_permission(request):
            return redirect("admin:index")
        is_known = getattr(request, "person", None) is not None
        step = "accounts:second_factor" if is_known else "accounts:login"
        return access.lead_to(step, request)  # type: ignore[return-value]

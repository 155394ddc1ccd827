"""The superusers' settings admin: entered by strong identification, unseen by anybody else."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import access

# Django's groups and allauth's addresses: rights follow roles here, and an address is a person's.
UNUSED = frozenset({"auth.group", "account.emailaddress"})


class SettingsSite(AdminSite):
    """Django's admin without its own door: nobody here has a password."""

    def register(self, model_or_iterable: Any, *args: Any, **options: Any) -> None:
        """Register the models but those of other people's apps that this service does not use."""
        one = isinstance(model_or_iterable, type)
        models: list[Any] = [model_or_iterable] if one else list(model_or_iterable)
        used = [model for model in models if model._meta.label_lower not in UNUSED]
        super().register(used, *args, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether a superuser asks; any other person gets 404 and is recorded, as a stranger."""
        if super().has_permission(request):
            return True
        if getattr(request, "person", None) is not None:
            raise access.not_found(access.actor_of(request), "settings", request.path)
        return False

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead a visitor to identification and from there back; a superuser is in already."""
        if self.has_permission(request):
            return redirect("admin:index")
        return access.lead_to("accounts:login", request)  # type: ignore[return-value]

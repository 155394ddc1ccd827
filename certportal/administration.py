"""The superusers' settings admin: entered by strong identification, unseen by anybody else."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import access


class SettingsSite(AdminSite):
    """Django's admin without its own door: nobody here has a password."""

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

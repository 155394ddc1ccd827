"""Settings admin: superusers view people and accounts, and grant the reviewer's role."""

from collections.abc import Callable
from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Membership, Organisation, Person, StaffRole, User
from accounts.services.people import second_factor
from accounts.services.rights import staff_roles
from certportal.foundation import clock
from certportal.foundation.web.read_only_admin import ReadOnlyAdmin


@admin.register(Person)
class PersonAdmin(ReadOnlyAdmin):
    """People, with actions for the staff's roles and for second factors."""

    list_display = ["family_name", "given_name", "id", "email", "created_at"]
    search_fields = ["family_name", "given_name", "email"]
    actions = [
        *["grant_reviewer", "end_reviewer", "grant_auditor", "end_auditor"],
        "reset_second_factor",
    ]

    def has_naming_permission(self, request: HttpRequest) -> bool:
        """Whether the user may run the actions: superusers only."""
        return bool(request.user.is_active and request.user.is_superuser)

    @admin.action(permissions=["naming"], description=_("Give the reviewer's role"))
    def grant_reviewer(
        self, request: HttpRequest, chosen: QuerySet[Person]
    ) -> HttpResponseBase | None:
        """Give each chosen person the reviewer's role."""
        grant = partial(staff_roles.grant_reviewer, by=access.person_of(request))
        return _for_each(chosen.filter(merged_into=None), grant, request)

    @admin.action(permissions=["naming"], description=_("Take the reviewer's role away"))
    def end_reviewer(
        self, request: HttpRequest, chosen: QuerySet[Person]
    ) -> HttpResponseBase | None:
        """Take the reviewer's role from each chosen person."""
        return _for_each(chosen, staff_roles.end_reviewer, request)

    @admin.action(permissions=["naming"], description=_("Give the auditor's role"))
    def grant_auditor(
        self, request: HttpRequest, chosen: QuerySet[Person]
    ) -> HttpResponseBase | None:
        """Give each chosen person the auditor's role."""
        grant = partial(staff_roles.grant_auditor, by=access.person_of(request))
        return _for_each(chosen.filter(merged_into=None), grant, request)

    @admin.action(permissions=["naming"], description=_("Take the auditor's role away"))
    def end_auditor(
        self, request: HttpRequest, chosen: QuerySet[Person]
    ) -> HttpResponseBase | None:
        """Take the auditor's role from each chosen person."""
        return _for_each(chosen, staff_roles.end_auditor, request)

    @admin.action(permissions=["naming"], description=_("Reset the second factor"))
    def reset_second_factor(
        self, request: HttpRequest, chosen: QuerySet[Person]
    ) -> HttpResponseBase | None:
        """Remove the second factors of each chosen person who has lost theirs."""
        return _for_each(chosen, second_factor.reset, request)


def _for_each(
    chosen: QuerySet[Person], act: Callable[..., object], request: HttpRequest
) -> HttpResponseBase | None:
    """Call the service for each person, unless the user must prove the second factor first."""
    if leading := access.lead_to_reauthenticate(request):
        return leading
    for person in chosen:
        act(person, actor=access.actor_of(request), now=clock.now())
    return None


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """The logins."""

    list_display = ["username", "person", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_superuser"]
    list_select_related = ["person"]
    exclude = ["password"]


@admin.register(StaffRole)
class StaffRoleAdmin(ReadOnlyAdmin):
    """Current and former staff roles."""

    list_display = ["person", "kind", "granted_at", "granted_by", "ended_at"]
    list_filter = ["kind", ("ended_at", admin.EmptyFieldListFilter)]
    list_select_related = ["person", "granted_by"]


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin):
    """The customer accounts."""

    list_display = ["name", "kind", "founded_at", "founded_by"]
    list_filter = ["kind"]
    search_fields = ["name", "business_ids__code"]
    list_select_related = ["founded_by"]


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Memberships: who may act for which organisation, and on what basis."""

    list_display = ["person", "organisation", "role", "basis", "stated_basis", "begun_at"]
    list_filter = ["role", "basis", ("ended_at", admin.EmptyFieldListFilter)]
    list_select_related = ["person", "organisation"]

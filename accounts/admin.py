"""Superusers look at people and accounts, and name reviewers through the services."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Membership, Organisation, Person, StaffRole, User
from accounts.services import factors, roles
from certportal.foundation import clock
from certportal.foundation.looking import ReadOnlyAdmin


@admin.register(Person)
class PersonAdmin(ReadOnlyAdmin):
    """The people; a reviewer is named here."""

    list_display = ["family_name", "given_name", "id", "email", "created_at"]
    search_fields = ["family_name", "given_name", "email"]
    actions = ["grant_reviewer", "end_reviewer", "reset_second_factor"]

    def has_naming_permission(self, request: HttpRequest) -> bool:
        """Only superusers name reviewers."""
        return bool(request.user.is_active and request.user.is_superuser)

    @admin.action(permissions=["naming"], description=_("Give the reviewer's role"))
    def grant_reviewer(
        self, request: HttpRequest, chosen: QuerySet[Person]
    ) -> HttpResponseBase | None:
        """Give each chosen person the reviewer's role."""
        if leading := access.lead_to_reauthenticate(request):
            return leading
        by, actor, now = access.person_of(request), access.actor_of(request), clock.now()
        for person in chosen.filter(merged_into=None):
            roles.grant_reviewer(person, by=by, actor=actor, now=now)
        return None

    @admin.action(permissions=["naming"], description=_("Take the reviewer's role away"))
    def end_reviewer(
        self, request: HttpRequest, chosen: QuerySet[Person]
    ) -> HttpResponseBase | None:
        """Take the reviewer's role from each chosen person."""
        if leading := access.lead_to_reauthenticate(request):
            return leading
        for person in chosen:
            roles.end_reviewer(person, actor=access.actor_of(request), now=clock.now())
        return None

    @admin.action(permissions=["naming"], description=_("Reset the second factor"))
    def reset_second_factor(
        self, request: HttpRequest, chosen: QuerySet[Person]
    ) -> HttpResponseBase | None:
        """Remove the second factors of each chosen person, who has lost them."""
        if leading := access.lead_to_reauthenticate(request):
            return leading
        for person in chosen:
            factors.reset(person, actor=access.actor_of(request), now=clock.now())
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
    """Who holds or held a role of the authority's own people."""

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
    """Who may act for whom, and on what basis."""

    list_display = ["person", "organisation", "role", "basis", "stated_basis", "begun_at"]
    list_filter = ["role", "basis", ("ended_at", admin.EmptyFieldListFilter)]
    list_select_related = ["person", "organisation"]

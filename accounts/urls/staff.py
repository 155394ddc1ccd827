"""Pages under ``/<language>/settings/``: who of the authority's staff may do what."""

from django.urls import path

from accounts.views import staff

app_name = "staff"

urlpatterns = [
    path("", staff.staff, name="staff"),
    path("<uuid:person_id>/", staff.member, name="member"),
]

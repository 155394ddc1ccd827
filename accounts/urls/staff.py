"""URLs under ``/<language>/settings/``: the pages of staff roles."""

from django.urls import path

from accounts.views import staff

app_name = "staff"

urlpatterns = [
    path("", staff.staff, name="staff"),
    path("<uuid:person_id>/", staff.member, name="member"),
]

"""Pages under ``/<language>/account/``."""

from django.urls import path

from accounts.views import email, login, organisations, profile

app_name = "accounts"

urlpatterns = [
    path("login/", login.login, name="login"),
    path("login/start/", login.identify, name="identify"),
    path("login/cancelled/", login.cancelled, name="cancelled"),
    path("login/failed/", login.not_identified, name="not_identified"),
    path("logout/", login.logout, name="logout"),
    path("logged-out/", login.logged_out, name="logged_out"),
    path("email/", email.address, name="email"),
    path("email/code/", email.code, name="email_code"),
    path("organisation/found/", organisations.found, name="found"),
    path("organisation/found/<str:business_id>/", organisations.confirm, name="confirm"),
    path("organisation/", organisations.choose, name="choose"),
    path("me/", profile.profile, name="profile"),
]

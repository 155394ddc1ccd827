"""URLs of the pages under ``/<language>/account/``."""

from django.urls import include, path

from accounts.views import (
    factors,
    invitations,
    login,
    logout,
    mandates,
    members,
    organisations,
    profile,
    recovering,
    rights,
    suppliers,
)

app_name = "accounts"

OF_A_FOUNDING = [
    path("", organisations.confirm, name="confirm"),
    path("mandates/", mandates.mandates, name="mandates"),
    path("mandates/go/", mandates.go, name="go_to_mandates"),
    path("join/", organisations.join, name="join"),
    path("administrator/", recovering.ask, name="ask_administrator"),
    path("take-back/", recovering.take_back, name="take_back"),
]
urlpatterns = [
    path("login/", login.login, name="login"),
    path("login/start/", login.identify, name="identify"),
    path("login/cancelled/", login.cancelled, name="cancelled"),
    path("login/failed/", login.not_identified, name="not_identified"),
    path("logout/", logout.logout, name="logout"),
    path("logged-out/", logout.logged_out, name="logged_out"),
    path("email/", profile.address, name="email"),
    path("email/code/", profile.code, name="email_code"),
    path("second-factor/", factors.prove, name="second_factor"),
    path("second-factor/set-up/", factors.set_up, name="second_factor_set_up"),
    path("second-factor/recovery-codes/", factors.recovery_codes, name="recovery_codes"),
    path("second-factor/own/", factors.own, name="own_factors"),
    path("second-factor/own/<key:factor_id>/remove/", factors.remove, name="remove_factor"),
    path("organisation/found/", organisations.found, name="found"),
    path("organisation/found/<word:business_id>/", include(OF_A_FOUNDING)),
    path("organisation/", organisations.choose, name="choose"),
    path("members/", members.members, name="members"),
    path("members/leave/", members.leave, name="leave"),
    path("members/<key:membership_id>/", members.member, name="member"),
    path("members/<key:membership_id>/remove/", members.remove, name="remove"),
    path("members/invite/", invitations.invite, name="invite"),
    path("members/invite/<uuid:request_id>/", invitations.invite_for, name="invite_for"),
    path("invitations/<uuid:invitation_id>/resend/", invitations.resend, name="resend"),
    path("invitations/<uuid:invitation_id>/revoke/", invitations.revoke, name="revoke"),
    path("invitation/<word:token>/", invitations.invitation, name="invitation"),
    path("right/", rights.right, name="right"),
    path("right/<key:document_id>/", rights.document, name="right_document"),
    path("right/<key:document_id>/remove/", rights.take_back, name="take_back_document"),
    path("suppliers/", suppliers.suppliers, name="suppliers"),
    path("suppliers/<key:consent_id>/end/", suppliers.end, name="end_consent"),
    path("suppliers/<word:business_id>/", suppliers.give, name="consent"),
    path("customers/<key:consent_id>/resign/", suppliers.resign, name="resign_consent"),
    path("me/", profile.profile, name="profile"),
    path("me/recorded/", profile.events, name="recorded"),
    path("me/export/", profile.export, name="export"),
    path("sessions/<uuid:session_id>/end/", profile.end_session, name="end_session"),
    path("sessions/end-others/", profile.end_others, name="end_other_sessions"),
]

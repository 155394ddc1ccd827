"""The mails about people and accounts with sample data; see `certportal.samples`."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import translation

from accounts import notices
from accounts.models import (
    AdministratorRequest,
    EmailCode,
    Invitation,
    JoinRequest,
    Membership,
    Organisation,
    Person,
    Succession,
)
from certportal.foundation.mail import Message
from certportal.foundation.models import Event

type Mail = tuple[str, str, Message]


def mails(language: str, now: datetime) -> Iterator[Mail]:
    """Yield notice, reader and mail in the language, about people who are nowhere stored."""
    account = Organisation(name="Mallikunnan apteekki")
    matti = Person(given_name="Matti", family_name="Meikäläinen", email="matti@example.fi")
    maija = Person(given_name="Maija", family_name="Mallikas", email="maija@example.fi")
    member = Membership(person=maija, organisation=account, role=Membership.Role.APPLICANT)
    invited = Invitation(
        organisation=account,
        email=maija.email,
        role=Membership.Role.APPLICANT,
        made_by=matti,
        expires_at=now + timedelta(days=14),
        accepted_by=maija,
    )
    asked = JoinRequest(organisation=account, person=maija)
    with translation.override(language):
        yield "invitation", "invited", notices.invitation_mail(invited, language)
        letter = notices.join_request_mail(asked, matti.email, language)
        yield "join_request", "administrator", letter
        yield "joined", "administrator", notices.joined_mail(invited, matti.email, language)
        yield "role_changed", "member", notices.role_changed_mail(member, language)
        yield "membership_ended", "member", notices.membership_ended_mail(member, language)
        gone = notices.member_left_mail(member, matti.email, language)
        yield "member_left", "administrator", gone
        heir = Organisation(name="Mallilan hyvinvointialue")
        succession = Succession(
            organisation=account,
            successor=heir,
            former_name=account.name,
            former_code="9900001-8",
            code="9900009-3",
            reason="Laki 616/2021",
        )
        yield "succession", "member", notices.succession_mail(succession, matti.email, language)
        asking = AdministratorRequest(organisation=account, person=maija, granted=True)
        asking.reasons = "Yhtiökokouksen pöytäkirja 12.1.2026"
        letter = notices.administrator_asked_mail(asking, matti.email, language)
        yield "administrator_asked", "administrator", letter
        letter = notices.administrator_decided_mail(asking, maija.email, language)
        yield "administrator_decided", "applicant", letter
        refused = AdministratorRequest(organisation=account, person=maija)
        refused.reasons = "Asiakirjasta ei ilmene oikeutta"
        letter = notices.administrator_decided_mail(refused, maija.email, language)
        yield "administrator_refused", "applicant", letter
        yield from _of_second_factors(language, now)
        code = EmailCode(replaced=maija.email, ended_at=now)
        yield "address_changed", "person", notices.address_changed_mail(code, language)


def _of_second_factors(language: str, now: datetime) -> Iterator[Mail]:
    done = {
        "second_factor": ("second_factor.added", {"kind": "webauthn"}),
        "second_factor_removed": ("second_factor.removed", {"kind": "totp"}),
        "second_factor_codes_made": ("second_factor.codes_made", {}),
        "second_factor_reset": ("second_factor.reset", {}),
    }
    for notice, (action, data) in done.items():
        event = Event(at=now, action=action, object_type="login", data=data)
        letter = notices.second_factor_mail(event, "riitta@example.fi", language)
        yield notice, "reviewer", letter

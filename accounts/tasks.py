"""Celery tasks of this app, called by the outbox or by beat."""

from accounts.mail import MAILS
from accounts.services.organisations import consents
from accounts.services.organisations.follow_register import follow_register as follow
from accounts.services.people import erase
from certportal.foundation.mail import mails
from certportal.foundation.service_tasks import for_item, scheduled

send_mail = mails.task("accounts.send_mail", MAILS)
forget_expired = scheduled("accounts.forget_expired", erase.forget_expired)
warn_of_ending_consents = scheduled("accounts.warn_of_ending_consents", consents.warn_of_ending)
# After an import, and every night: a name in the register may take effect today.
follow_register = for_item("accounts.follow_register", follow)
follow_days = scheduled("accounts.follow_days", follow)

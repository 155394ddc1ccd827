"""Mails the signed head of the log of events to the auditors, who keep it as an anchor."""

from certportal.foundation.mail import mails

MAILS = mails.registry(
    mails.Mail(
        "pages/mail/event_log_head",
        about=lambda asked: asked.payload,
        to=lambda given, _asked: mails.To(given["address"], "fi"),
        context=lambda given, _asked: given,
    )
)
mail_event_log_head = mails.task("certportal.mail_event_log_head", MAILS, only="event_log_head")

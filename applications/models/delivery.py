"""Deliveries of certificates, and notices that were sent."""

from django.db import models

from applications.models.application import Application
from certportal.foundation.database.kept_tables import ALWAYS, Kept


class Package(models.Model):
    """The delivery of a certificate to one recipient by e-mail; `sent_at` is None until sent."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="packages")
    recipient = models.CharField(max_length=60)
    certificate_id = models.BigIntegerField()
    sent_at = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=200, blank=True)

    keeping = Kept(until_closed=["sent_at", "message_id"], closed="OLD.sent_at IS NOT NULL")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "recipient", "certificate_id"], name="package_once"
            ),
        ]


class SentNotice(models.Model):
    """A notice sent by a scheduled job, only once for each subject and occasion.

    `about` is the subject: the key of an application or person, or the name of a source. `key` is
    the occasion, such as the number of days left, or the day.
    """

    notice = models.CharField(max_length=30)
    about = models.CharField(max_length=64)
    key = models.CharField(max_length=40)
    sent_at = models.DateTimeField()

    keeping = Kept(deletable=ALWAYS)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "about", "key"], name="notice_sent_once"),
        ]

"""The links by which a technical contact or deputy works on an order without a login."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from applications.models.application import Application
from applications.models.kept import OF_ERASED_ORDER, OF_ORDER_NEVER_SENT
from certportal.foundation.database.kept_tables import Kept
from certportal.foundation.web import tokens


class ContactLink(models.Model):
    """The link by which a technical contact, or the deputy, works on one order without a login.

    The token is derived from the primary key, and only its hash is stored. The first POST binds
    the link to that browser: `bound_session` is the hash of a secret kept in the browser's session.
    Whether a link is still valid also depends on the order; see `applications.rules.contact_links`.
    """

    class Holder(models.TextChoices):
        TECHNICAL_CONTACT = "technical_contact", _("The technical contact")
        DEPUTY = "deputy", _("The deputy")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(Application, models.CASCADE, related_name="contact_links")
    holder = models.CharField(max_length=20, choices=Holder)
    email = models.EmailField()
    # The member who alone had this address when the link was made, and may have another by now.
    member = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    bound_session = models.CharField(max_length=64, blank=True)
    bound_at = models.DateTimeField(null=True)
    # Set when the applicant revokes it, when a newer link is opened, and when the order ends.
    revoked_at = models.DateTimeField(null=True)
    not_mine_at = models.DateTimeField(null=True)

    keeping = Kept(
        once=["bound_session", "bound_at", "revoked_at", "not_mine_at"],
        deletable=f"{OF_ORDER_NEVER_SENT} OR {OF_ERASED_ORDER}",
    )

    class Meta:
        ordering = ["made_at"]

    @property
    def token(self) -> str:
        """The token in plain text, to be used only in the mail that carries the link."""
        return tokens.derived("contact", str(self.pk))

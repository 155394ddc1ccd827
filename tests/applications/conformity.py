"""Orders that need a certificate of conformity."""

from accounts.models import Person
from applications import services
from applications.models import Application
from certportal.dev.builders import orders


def bare(person: Person, type: str = "system_signature", unit: str = orders.UNIT) -> Application:
    """Return a draft whose certificate of conformity was taken away again."""
    application = orders.draft(person, type, unit=unit)
    for one in application.attachments.filter(removed_at=None):
        seen = orders.Handler(person, application).seen
        services.remove_attachment(application.pk, one.pk, **seen)
    application.refresh_from_db()
    return application

"""Tasks of certportal itself, for Celery's autodiscovery."""

from certportal.operations.event_log_mail import mail_event_log_head
from certportal.operations.health import beat

__all__ = ["beat", "mail_event_log_head"]

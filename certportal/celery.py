"""The Celery application; queues are `default` and `ca`, and only the `ca` worker sees keys."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")

app = Celery("certportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["certportal"])
app.autodiscover_tasks(["certportal"], related_name="feedback")


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Stop Celery from replacing the log handlers that settings configured."""

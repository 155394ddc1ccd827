"""The WSGI entry point of the web process: status and lists first, then Django."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
os.environ.setdefault("PORTAL_PROCESS", "web")

django = get_wsgi_application()

from issuance.front import Front  # noqa: E402 - Django must be set up before

application = Front(django)

"""The WSGI entry point of the web process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
os.environ.setdefault("PORTAL_PROCESS", "web")

application = get_wsgi_application()

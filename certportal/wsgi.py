"""The WSGI entry point of the process `web`.

It answers for revocation status and CRLs too where no proxy sends these to `front`. It is loaded
once, before the workers are forked (gunicorn.conf.py): here nothing connects, no thread begins.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
os.environ.setdefault("PORTAL_PROCESS", "web")

django = get_wsgi_application()

from certportal.foundation.database_limit import limit_answers  # noqa: E402 - Django is set up
from certportal.web.read_in import read_in  # noqa: E402
from issuance.publication.front import Front  # noqa: E402

read_in()
limit_answers()
application = Front(django)

"""The WSGI entry point of the process `web`.

It also serves OCSP and CRLs, for setups without a proxy that sends these requests to `front`. It is
imported once, before the workers are forked (gunicorn.conf.py), so importing it must not open
connections or start threads.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
os.environ.setdefault("PORTAL_PROCESS", "web")

django = get_wsgi_application()

from certportal.foundation.database.database_limit import limit_answers  # noqa: E402 - Django is set up
from certportal.web.preload import preload  # noqa: E402
from certportal.web.whole_requests import reading_to_the_end  # noqa: E402
from issuance.publication.front import Front  # noqa: E402

preload()
limit_answers()
application = Front(reading_to_the_end(django))

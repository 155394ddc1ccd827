"""The WSGI entry point of the process `web`.

It answers for revocation status and CRLs too where no proxy sends these to `front`.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
os.environ.setdefault("PORTAL_PROCESS", "web")

django = get_wsgi_application()

from django.conf import settings  # noqa: E402 - Django is set up

from certportal.foundation.database_limit import limit_answers  # noqa: E402
from issuance.keys.computable import prepare_search  # noqa: E402
from issuance.publication.front import Front  # noqa: E402

prepare_search()  # while the worker starts, rather than while somebody uploads a request
limit_answers()
if settings.METRICS_PORT and settings.PORTAL_PROCESS == "web":
    from certportal.operations.metrics import answers

    answers.serve()
application = Front(django)

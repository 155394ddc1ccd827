"""Named people and their orders in every status, made through the real services.

For the tests and the sample mails. They record rights and approvals that no real person gave, so
importing them fails in production.
"""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

if settings.PRODUCTION:
    raise ImproperlyConfigured("Invented people and orders are not for production.")

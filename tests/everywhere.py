"""All that the service keeps, as text, to look for what must not be in it."""

import redis
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection


def whole_database() -> str:
    """Return every row of every table as text, and the sessions unpacked."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [row[0] for row in cursor.fetchall()]
    rows += [str(SessionStore(one.session_key).load()) for one in Session.objects.all()]
    return "\n".join(rows)


def whole_redis() -> str:
    store = redis.Redis.from_url(settings.REDIS_URL)
    return "\n".join(repr(key) + repr(store.dump(key)) for key in store.scan_iter())

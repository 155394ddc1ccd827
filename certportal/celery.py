"""The Celery application; queues are `default`, `mail` and `ca`; only the `ca` worker sees keys."""

import gc
import logging
import os
import sys
from typing import Any

import structlog
from celery import Celery, Task
from celery.exceptions import TaskPredicate
from celery.signals import setup_logging, worker_init, worker_process_shutdown, worker_ready
from django_structlog.celery import signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")

# Beat only sends names of tasks. Not loading the tasks and apps saves most of the memory of a
# process.
_KNOWS_TASKS = os.environ.get("PORTAL_PROCESS") != "beat"

log = structlog.get_logger(__name__)


class FailingInWords(Task[..., Any]):
    """Logs the error of a task and tells the worker's main process only that there was one.

    This reads what a child tells from a pipe. Celery sends an error with its frames, some 30 kB; if
    the connection to Redis breaks when a part of that is read, and tasks fail just then, it forgets
    that part, takes what follows for the length of another message, and gives the child no work any
    more. What is shorter than PIPE_BUF is written, and so read, at once.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.called_directly:
            return super().__call__(*args, **kwargs)
        try:
            return self.run(*args, **kwargs)
        except TaskPredicate:  # Celery's own, such as a retry
            raise
        except Exception:
            log.exception("task_failed", task=self.name)
            return "failed"


_FIXUP = "certportal.foundation.database.kept_connections:fixup"
app = Celery("certportal", task_cls=FailingInWords, fixups=[_FIXUP] if _KNOWS_TASKS else [])
app.config_from_object("django.conf:settings", namespace="CELERY")
if _KNOWS_TASKS:
    app.autodiscover_tasks()
    app.autodiscover_tasks(["certportal"])
    app.autodiscover_tasks(["certportal"], related_name="feedback")


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Stop Celery from replacing the log handlers that settings configured.

    In beat, where `django.setup` does not run, it configures the handlers first.
    """
    if not _KNOWS_TASKS:
        from django.conf import settings
        from django.utils.log import configure_logging

        configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


@worker_init.connect
def keep_own_tasks(sender: Any, **_: object) -> None:
    """Unregister all tasks but those of the worker's own queue; messages for others are dropped.

    So whoever can write to the broker cannot make the `ca` worker run tasks of `default`. Celery's
    built-in tasks, which can call any task with any arguments, are unregistered too.
    """
    from django.conf import settings

    from certportal import wiring

    own = wiring.tasks_of(settings.PORTAL_PROCESS)
    if not own:
        raise SystemExit("A worker must be told which it is: PORTAL_PROCESS=default, mail or ca.")
    for name in set(sender.app.tasks) - own:
        sender.app.tasks.pop(name)


@worker_init.connect
def load_what_tasks_need(**_: object) -> None:
    """Load, before the pool's processes are forked, what each of them would load later.

    The views, whose addresses mails contain, and the PDF renderer with its fonts in memory; its
    fonts on disk belong to the process that has written them.
    """
    from django.conf import settings
    from django.urls import get_resolver

    if settings.PORTAL_PROCESS in {"default", "mail"}:
        get_resolver().reverse_dict  # noqa: B018
    if settings.PORTAL_PROCESS == "default":
        from applications.documents import papers, sealing  # noqa: F401

        papers.load_before_fork()


@worker_init.connect
def sign_alone(**_: object) -> None:
    """Make the `ca` worker wait while another machine's journal has the signing lease."""
    from django.conf import settings
    from django.db import connection

    from certportal.operations import one_signer

    if settings.PORTAL_PROCESS == "ca":
        one_signer.wait_for_lease()
        connection.close()  # the pool's processes must not inherit it


@worker_init.connect
def log_killed_processes(**_: object) -> None:
    """Log a process of the pool that is killed, as the kernel does when memory runs out.

    Celery itself says so only of one that had a task.
    """
    from billiard.util import get_logger

    pool_log = get_logger()  # until then billiard logs nothing
    pool_log.propagate = True
    pool_log.setLevel(logging.WARNING)


@worker_init.connect
def keep_what_is_shared(**_: object) -> None:
    """Exclude objects made before the fork from garbage collection (`gc.freeze`).

    The collector writes to the objects that it examines, so each process would get a copy of the
    shared memory pages. Must be the last handler of `worker_init`.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(30_000)  # at 10,000 it took a twentieth of a paper's time, by default more


@worker_process_shutdown.connect
def remove_fonts(**_: object) -> None:
    """Remove the font files that this process of the pool has made for papers."""
    if papers := sys.modules.get("applications.documents.papers"):
        papers.forget_style()


@worker_ready.connect
def record_settings(**_: object) -> None:
    """Record the worker's settings as an event, if they differ from those recorded last."""
    from certportal.operations import settings_in_use

    settings_in_use.record_at_start()


@signals.bind_extra_task_metadata.connect
def forget_the_message(**_: object) -> None:
    """Drop the logging context that came with the message: the broker is not trusted.

    The outbox binds the request id that is stored with the item instead.
    """
    known = structlog.contextvars.get_contextvars()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task_id=known.get("task_id"))

"""Forks the Python processes of `./portal run` from one that has imported what they need.

    forks.py serve SOCKET
    forks.py ask SOCKET NAME MODULE [ARGUMENT …]

They share what was imported before the fork; alone, each kind of them would have 90 MiB of its own
for the same modules. `ask` has a process run the module as `python -m` would, with the environment
of `ask` and with its standard error for all output, and prints the number of that process.

The settings are read anew after the fork, from the environment of the process that is asked for.
What is forked from has those of `front`, which reads no secrets, so nobody inherits any.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import NamedTuple, NoReturn

MODULES = """
accounts.register.tasks accounts.tasks applications.tasks certportal.foundation.tasks
certportal.public.feedback certportal.tasks certportal.urls issuance.tasks
celery.app.control celery.app.log celery.apps.beat celery.apps.worker celery.backends.base
celery.concurrency.prefork celery.contrib.django.task celery.events.state celery.worker.autoscale
celery.worker.components celery.worker.consumer
billiard.popen_fork billiard.sharedctypes celery.app.amqp celery.app.events
celery.worker.consumer.delayed_delivery celery.worker.strategy cffi.cparser
certportal.operations.settings_in_use _strptime
certportal.operations.beat django.core.handlers.wsgi gunicorn.app.wsgiapp gunicorn.workers.gthread
kombu.transport.redis
"""
"""What more than one kind of process needs; whatever it imports in turn is shared too."""
SETTINGS = {"DJANGO_SETTINGS_MODULE": "certportal.settings"}
SET_DEATH_SIGNAL, SET_NAME = 1, 15  # prctl(2)
PATIENCE = 60.0
"""Seconds in which the modules are imported, and in which it answers."""
GRACE = 10.0
"""Seconds in which the processes may end by themselves, as in processes.sh."""
FROZEN = 75
"""The exit status of `ask` if it was connected and got no answer; processes.sh knows it."""
_kernel = ctypes.CDLL(None).prctl


class Request(NamedTuple):
    """What a process is to run, and with what."""

    name: str
    module: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]


def ask(place: str, name: str, module: str, *arguments: str) -> str:
    """Have a process forked that runs the module; return its number.

    Raises OSError, and SystemExit with `FROZEN` if the process that forks does not answer.
    """
    request = Request(name, module, list(arguments), os.getcwd(), dict(os.environ))
    deadline = time.monotonic() + PATIENCE
    while True:
        with socket.socket(socket.AF_UNIX) as forks:
            forks.settimeout(PATIENCE)  # it may be frozen; who asks watches the other processes
            try:
                forks.connect(place)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
                continue
            try:
                socket.send_fds(forks, [b"\n"], [sys.stderr.fileno()])
                forks.sendall(json.dumps(request).encode())
                forks.shutdown(socket.SHUT_WR)
                return forks.recv(16).decode()
            except TimeoutError:
                sys.exit(FROZEN)


def serve(place: str) -> None:
    """Fork for each request; in the new process run the module and return."""
    _kernel(SET_NAME, b"forks")
    _import()
    gc.collect()
    gc.freeze()  # the collector writes to the objects that it examines, which would copy them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who end
    with suppress(FileNotFoundError):
        os.unlink(place)
    with socket.socket(socket.AF_UNIX) as server:
        mask = os.umask(0o177)  # only this user may ask
        server.bind(place)
        os.umask(mask)
        server.listen()
        request = _wait(server)
    runpy.run_module(request.module, run_name="__main__", alter_sys=True)


def _import() -> None:
    os.environ |= SETTINGS | {"PORTAL_PROCESS": "front"}
    sys.path[0] = os.getcwd()
    import django

    django.setup()
    for module in MODULES.split():
        importlib.import_module(module)
    _make_ready()


def _make_ready() -> None:
    """Make what most processes would make at their first work, so that they share it.

    Only what does not depend on settings that differ between kinds of processes.
    """
    from billiard.util import get_pdeathsig  # type: ignore[attr-defined]
    from django.apps import apps
    from django.conf import settings
    from django.template.loader import get_template, render_to_string
    from django.urls import get_resolver
    from django.utils import translation

    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            translation.gettext("")  # loads the language's catalogue
            get_resolver().reverse_dict  # noqa: B018
    for model in apps.get_models():
        model._base_manager.filter(pk__isnull=False).order_by("pk").query.sql_with_params()
    get_template("base.html")
    render_to_string("mail/sign.txt")
    get_pdeathsig()  # has pycparser make the tables of its parser, as each worker process does


def _forget_settings() -> None:
    """Have Django read the settings again."""
    from django.conf import settings
    from django.db import connections
    from django.utils.functional import empty

    sys.modules.pop("certportal.settings", None)
    vars(settings).clear()
    settings._wrapped = empty
    vars(connections).clear()
    connections.__init__()  # type: ignore[misc]


def _wait(server: socket.socket) -> Request:
    """Answer requests with the number of a new process; return in that process."""
    parent = os.getpid()
    children: set[int] = set()

    def end(*_: object) -> None:
        if os.getpid() != parent:  # just forked
            os._exit(1)
        _end(children)

    signal.signal(signal.SIGTERM, end)
    while True:
        asking, _ = server.accept()
        with asking:
            received, files, *_ = socket.recv_fds(asking, 1, 1)
            if not files:  # whoever asked has been stopped meanwhile
                continue
            while more := asking.recv(65536):
                received += more
            try:
                request = Request(*json.loads(received))
            except (ValueError, TypeError):  # it was stopped before all of the request was sent
                os.close(files[0])
                continue
            if not (child := os.fork()):
                _become(request, files[0], parent)
                return request
            os.close(files[0])
            children.difference_update({each for each in children if not _send(each, 0)})
            children.add(child)
            try:
                asking.sendall(str(child).encode())
            except OSError:  # whoever asked no longer waits, so nobody would watch or end it
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)


def _send(leader: int, number: int) -> bool:
    """Send the signal to the process group; return whether there is any."""
    with suppress(ProcessLookupError):
        os.killpg(leader, number)
        return True
    return False


def _end(children: set[int]) -> NoReturn:
    """End all, since the script that started this process has died, and would have ended them.

    Of themselves not all do: a worker of Celery's that is told to stop waits for ever if the result
    of its last task is larger than a pipe, as the traceback of a lost database can be.
    """
    deadline = time.monotonic() + GRACE
    for each in children:
        _send(each, signal.SIGTERM)
    while time.monotonic() < deadline and any(_send(each, 0) for each in children):
        time.sleep(0.1)
    for each in children:
        _send(each, signal.SIGKILL)
    os._exit(0)


def _become(request: Request, output: int, parent: int) -> None:
    """Make this process what a newly started one would be, in a process group of its own."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _kernel(SET_DEATH_SIGNAL, signal.SIGTERM)  # it ends when its parent does
    _kernel(SET_NAME, request.name.encode())
    if os.getppid() != parent:
        os._exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(old, new)
    os.close(nothing)
    os.close(output)
    os.environ.clear()
    os.environ.update(request.environment | SETTINGS)  # modules that would set it are imported
    os.chdir(request.folder)
    sys.path[0] = request.folder
    sys.argv = [request.module, *request.arguments]
    _forget_settings()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        sys.stdout.write(ask(*sys.argv[2:]))

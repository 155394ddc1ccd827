"""Opening an untrusted PDF in a bounded child process: what it holds, and a passive copy of it.

`reader` is the web process's side and starts the child. The child imports the other modules under
the name `pdf`, without the packages above, which would bring Django and Celery: these modules
import each other relatively, and nothing else of this service.
"""

"""Opening an untrusted PDF in a sandboxed child process: its active content, and a passive copy.

`reader` is the web process's side and starts the child. The child imports the other modules under
the name `pdf`, without the packages above, which would bring Django and Celery: these modules
import each other relatively, and nothing else of this service.
"""

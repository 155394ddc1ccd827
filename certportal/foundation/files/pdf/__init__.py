"""Opening an untrusted PDF in a sandboxed child process: its active content, and a passive copy.

`reader` is the web process's side and starts the child. The child imports the other modules as part
of the package `foundation`, without `certportal` above it, which would bring Django and Celery:
these modules import each other relatively, and of the rest only `private_keys_in_text`.
"""

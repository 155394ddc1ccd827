"""Sandboxing the process before it parses an untrusted PDF: resource limits and seccomp.

Even if a document exploits the parser, the process is limited to a few seconds of CPU, half a
gigabyte of memory and its open standard streams. The restrictions cannot be lifted.
"""

import ctypes
import resource
import signal

SECONDS = 8
MEMORY = 512 * 1024 * 1024
MOST_WRITTEN = 32 * 1024 * 1024

LIMITS = {
    resource.RLIMIT_CPU: SECONDS,
    resource.RLIMIT_AS: MEMORY,
    resource.RLIMIT_FSIZE: MOST_WRITTEN,
    resource.RLIMIT_NPROC: 0,
    resource.RLIMIT_NOFILE: 3,
    resource.RLIMIT_CORE: 0,
}

# linux/prctl.h
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38

# seccomp.h of libseccomp; EPERM instead of killing, so that Python can report the error.
_ACT_ALLOW = 0x7FFF0000
_ACT_EPERM = 0x00050001
# Memory, already open files, time and exit: no opening of files, no network, no processes and no
# signals to others.
_ALLOWED = (
    *("read", "write", "lseek", "fstat", "newfstatat", "close", "ioctl"),
    *("mmap", "munmap", "mremap", "mprotect", "brk", "madvise"),
    *("futex", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack"),
    *("clock_gettime", "gettimeofday", "getrandom", "getpid", "sched_yield"),
    *("exit", "exit_group"),
)


def confine() -> bool:
    """Set the limits and the seccomp filter; return whether the filter is in force.

    Raises OSError when a limit cannot be set.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in (
        (_PR_SET_PDEATHSIG, signal.SIGKILL),
        (_PR_SET_DUMPABLE, 0),
        (_PR_SET_NO_NEW_PRIVS, 1),
    ):
        if libc.prctl(option, int(value), 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
    library = _libseccomp()
    for limit, most in LIMITS.items():
        resource.setrlimit(limit, (most, most))
    return library is not None and _filter(library)


def _libseccomp() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:  # a system without it: the limits above remain
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_rule_add_array.argtypes = [
        *(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p)
    ]
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    return library


def _filter(library: ctypes.CDLL) -> bool:
    """Load the filter; return False if the kernel does not support it."""
    context = library.seccomp_init(_ACT_EPERM)
    for name in _ALLOWED:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # negative: not a call of this architecture
            library.seccomp_rule_add_array(context, _ACT_ALLOW, number, 0, None)
    return bool(library.seccomp_load(context) == 0)

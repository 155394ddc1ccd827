"""Creating files and folders that other users cannot read, regardless of the umask.

A file is readable by its owner (0600) or also by the group (0640): the service's processes run as
different users that share a group. Folders have modes 0700 and 0750 accordingly. What root makes
belongs to the owner of the folder that it is in: a command of the operator runs beside a service
whose user must be able to read a revocation list as soon as it is published.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWN, GROUP = 0o600, 0o640
OWN_FOLDER, GROUP_FOLDER = 0o700, 0o750


def make_folder(folder: Path, mode: int = GROUP_FOLDER) -> None:
    """Create the folder and missing parents; an existing one is not changed."""
    if folder.is_dir():
        return
    make_folder(folder.parent, mode)
    try:
        folder.mkdir(mode=mode)
    except FileExistsError:  # another process created it meanwhile, or it is not a folder
        if not folder.is_dir():
            raise
    else:
        _give_to_owner_of(folder.parent, folder)
        folder.chmod(mode)  # mkdir applies the umask
        sync_folder(folder.parent)


def _give_to_owner_of(folder: Path, made: int | Path) -> None:
    """As root, give the open file or the folder that was made to the owner of its folder."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(made, owner.st_uid, owner.st_gid)


def open_or_make(path: Path, flags: int, mode: int = OWN) -> int:
    """Open the file, creating it if missing, with this mode; return the file descriptor."""
    descriptor = os.open(path, flags | os.O_CREAT, mode)
    found = os.fstat(descriptor)
    if found.st_uid == os.geteuid():
        if found.st_mode & 0o777 != mode:
            os.fchmod(descriptor, mode)
        _give_to_owner_of(path.parent, descriptor)
    return descriptor


@contextmanager
def locked(descriptor: int) -> Iterator[None]:
    """Hold an exclusive lock on the open file or folder, once it is free; close it afterwards."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def locked_folder(folder: Path, mode: int = GROUP_FOLDER) -> Iterator[int]:
    """Hold an exclusive lock on the folder, which is made if missing.

    Yields its descriptor: a process that inherits it holds the lock too.
    """
    make_folder(folder, mode)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    with locked(descriptor):
        yield descriptor


def replace(path: Path, content: bytes, mode: int = GROUP, *, lasting: bool = True) -> None:
    """Replace the file's content atomically, and force content and name to disk.

    If not `lasting`, neither is forced to disk, and both may be lost in a power failure.
    """
    put(path, content, mode, lasting=lasting)
    if lasting:
        sync_folder(path.parent)


def put(path: Path, content: bytes, mode: int, *, lasting: bool = True) -> None:
    """As `replace`, but the caller forces the name to disk, by `sync_folder` for many files."""
    make_folder(path.parent)
    with _draft(path, content, mode, lasting=lasting) as draft:
        draft.replace(path)


def write_new(path: Path, content: bytes, mode: int = GROUP) -> None:
    """Create a file atomically, and force it and its name to disk.

    Raises FileExistsError if it exists.
    """
    make_folder(path.parent, OWN_FOLDER if mode & 0o070 == 0 else GROUP_FOLDER)
    with _draft(path, content, mode, lasting=True) as draft:
        os.link(draft, path)
    sync_folder(path.parent)


@contextmanager
def _draft(path: Path, content: bytes, mode: int, *, lasting: bool) -> Iterator[Path]:
    """Write the content to a hidden file beside the path; it is deleted after the block."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    draft = Path(name)
    try:
        _fill(descriptor, path, content, mode, lasting=lasting)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _fill(descriptor: int, path: Path, content: bytes, mode: int, *, lasting: bool) -> None:
    """Write the draft of the path. An OSError names the path, which a full disk does not."""
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            _give_to_owner_of(path.parent, file.fileno())
            if lasting:
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        if error.errno and not error.filename:
            error.filename = str(path)
        raise


def sync_folder(folder: Path) -> None:
    """Force the folder's entries (names of new files) to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

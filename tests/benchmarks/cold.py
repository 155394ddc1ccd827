"""Makes the database's memory cold: the server anew, and its files out of the system's memory."""

import os
import pwd
import subprocess
from pathlib import Path

from django.conf import settings
from django.db import connection


def forget() -> bool:
    """Restart PostgreSQL and have the system forget its files.

    False if it is not the private server of the benchmarks, which nobody else uses.

    Only pages that stand on disk can be forgotten: the restart has written them all.
    """
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        folder = Path(cursor.fetchone()[0])
    mark = folder / "postmaster.pid"
    if not _is_private(folder) or not mark.exists():
        return False
    main = mark.read_text().split()[0]
    control = Path(f"/proc/{main}/exe").readlink().with_name("pg_ctl")
    connection.close()
    command = [control, "-D", folder, "-m", "fast", "-w", "restart"]
    owner = folder.stat().st_uid
    if owner != os.getuid():
        command = ["runuser", "-u", pwd.getpwuid(owner).pw_name, "--", *command]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for file in (folder / "base").rglob("*"):
        if file.is_file():
            _forget(file)
    return True


def _is_private(folder: Path) -> bool:
    """Whether `./portal bench` has made the server for itself (certportal/shell/services.sh)."""
    own = settings.PORTAL_DATA.resolve()
    return folder.is_relative_to(own) or folder.match("/var/tmp/portal-*/services/postgres")


def _forget(file: Path) -> None:
    number = os.open(file, os.O_RDONLY)
    try:
        os.posix_fadvise(number, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(number)

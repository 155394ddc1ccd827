"""Backup of database and files, encrypted to a public key. It never contains signing keys."""

from certportal.foundation.backup.making import back_up
from certportal.foundation.backup.restoring import restore
from certportal.foundation.backup.streams import BackupFailed

"""Backup of database and files, encrypted to a public key. Signing keys are never in it."""

from certportal.foundation.backup.making import back_up
from certportal.foundation.backup.restoring import restore
from certportal.foundation.backup.streams import BackupFailed

__all__ = ["BackupFailed", "back_up", "restore"]

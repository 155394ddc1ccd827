"""Files in a store that several machines share: an S3-compatible service, chosen by STORE_URL.

Every error of the store becomes an OSError, as those of a disk are. No request lasts longer than
`whole_seconds`; after one that found no answer, the store is spared for a while.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage

from certportal.foundation import deadline
from certportal.foundation.breaker import Breaker, Resting
from certportal.foundation.files.faults import DamagedFile, StoreAway

CONNECT_SECONDS, READ_SECONDS = 2.0, 3.0
PAUSE_SECONDS = 5.0

SHA256 = "sha256"
"""The metadata of an object that holds the hash of its bytes."""


# What GET and HEAD say of an object that is not there; a bucket that is not has a code of its own.
_NO_SUCH_FILE = {"NoSuchKey", "404"}


def _is_silence(error: Exception) -> bool:
    return not isinstance(error, ClientError)


breaker = Breaker("store", pause=PAUSE_SECONDS, slow=CONNECT_SECONDS / 2, silent=_is_silence)


class SharedStore(S3Storage):
    """A folder of the bucket. An object is replaced whole, and its hash compared when it is read.

    `whole_seconds` limits each request from its beginning to the last byte of the answer.
    """

    def __init__(self, *, whole_seconds: float, **options: Any) -> None:
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=min(READ_SECONDS, whole_seconds),
            retries={"total_max_attempts": 1},
            # The server compares the hash of what it received; not every store knows other sums.
            s3={"addressing_style": "path", "payload_signing_enabled": True},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            signature_version="s3v4",
        )
        super().__init__(client_config=config, security_token="", **options)
        self.whole_seconds = whole_seconds
        self._made: Any = None
        self._making = threading.Lock()

    @property
    def connection(self) -> Any:
        """The one connection of the process: its client may be used by many threads."""
        with self._making:
            if self._made is None:
                self._made = super().connection
                _watch(self._made.meta.client)
            return self._made

    def exists(self, name: str) -> bool:
        """Whether there is such an object. Raises StoreAway."""
        with self._asking():
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        """Delete the object, if there is one. Raises StoreAway."""
        with self._asking():
            self._client.delete_object(**self._object(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return the folders and files of a folder; a missing one is empty. Raises StoreAway."""
        with self._asking():
            folders, files = super().listdir(path)
        return folders, files

    def size(self, name: str) -> int:
        """Return the size in bytes. Raises FileNotFoundError, StoreAway."""
        with self._asking():
            return int(self._client.head_object(**self._object(name))["ContentLength"])

    def get_modified_time(self, name: str) -> datetime:
        """Return when the object was written. Raises FileNotFoundError, StoreAway."""
        with self._asking():
            at: datetime = self._client.head_object(**self._object(name))["LastModified"]
        return at

    def url(self, name: str, *_args: Any, **_options: Any) -> str:
        """Files are handed over by the service alone."""
        raise ValueError("files of the shared store have no address")

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise ValueError("files of the shared store are read, or replaced whole")
        with self._asking():
            answer = self._client.get_object(**self._object(name))
            with answer["Body"] as body:
                data: bytes = body.read()
        known = answer["Metadata"].get(SHA256)
        if known is not None and known != hashlib.sha256(data).hexdigest():
            raise DamagedFile(name)
        return ContentFile(data, name=name)

    def _save(self, name: str, content: "File[Any]") -> str:
        content.seek(0)
        data = content.read()
        described = self._get_write_parameters(name, content)
        described["Metadata"] = {SHA256: hashlib.sha256(data).hexdigest()}
        with self._asking():
            self._client.put_object(**self._object(name), Body=data, **described)
        return name

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def _object(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self._normalize_name(name)}

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Limit what is asked inside, and turn the errors of the store into those of a disk."""
        self.connection  # noqa: B018 - making it loads much, and asks nobody
        try:
            with breaker.call(), deadline.within(self.whole_seconds):
                yield
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _NO_SUCH_FILE:
                raise FileNotFoundError("not in the store") from error
            raise StoreAway(code) from error
        except (BotoCoreError, TimeoutError, Resting) as error:
            raise StoreAway(type(error).__name__) from error


# ------------------------------------------------------------------ connections under a limit


class _Watched:
    """A connection that the limit in force can cut off, also one that was used before."""

    _plain: Any = None

    def _new_conn(self) -> Any:
        made = super()._new_conn()  # type: ignore[misc]
        self._plain = made.dup()  # TLS takes the first one away from its object
        return deadline.watched(made)

    def request(self, *args: Any, **options: Any) -> Any:
        if self.sock is not None:  # type: ignore[attr-defined]
            deadline.watched(self._plain)
        return super().request(*args, **options)  # type: ignore[misc]

    def close(self) -> None:
        super().close()  # type: ignore[misc]
        if self._plain is not None:
            self._plain.close()
            self._plain = None


class _Connection(_Watched, AWSHTTPConnection):
    pass


class _TlsConnection(_Watched, AWSHTTPSConnection):
    pass


class _Pool(AWSHTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(AWSHTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _watch(client: Any) -> None:
    """Let the client make connections that can be cut off; botocore has no option for it."""
    session = client._endpoint.http_session
    session._manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

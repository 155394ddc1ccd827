"""Files in a store shared by several machines: an S3-compatible service, chosen by STORE_URL.

Every error of the store is raised as an OSError, like those of a disk. No request lasts longer than
`whole_seconds`; after one without an answer, no requests are sent for a while.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from typing import Any

from botocore import awsrequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage
from urllib3.exceptions import HTTPError

from certportal.foundation import deadline
from certportal.foundation.breaker import Breaker, Resting
from certportal.foundation.files.faults import DamagedFile, StoreAway

CONNECT_SECONDS, READ_SECONDS = 2.0, 3.0
PAUSE_SECONDS = 5.0
MOST_BYTES = 32 * 1024 * 1024
"""Of one answer with its head. Documents have 10 MiB at most, a list of a thousand names 1 MiB."""

SHA256 = "sha256"
"""The object's metadata key for the hash of its bytes."""


# Codes of GET and HEAD for a missing object; a missing bucket has another code.
_NO_SUCH_FILE = {"NoSuchKey", "404"}


breaker = Breaker(
    "store",
    pause=PAUSE_SECONDS,
    slow=CONNECT_SECONDS / 2,
    silent=lambda error: not isinstance(error, ClientError),
)


class SharedStore(S3Storage):
    """A folder of the bucket. Objects are replaced whole; their hash is checked at each read.

    `whole_seconds` limits each request from its start to the last byte of the answer.
    """

    def __init__(self, *, whole_seconds: float, **options: Any) -> None:
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=min(READ_SECONDS, whole_seconds),
            retries={"total_max_attempts": 1},
            # The signature covers the hash of the body; not every store supports other checksums.
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
        """The process's only connection, whose client is thread-safe."""
        with self._making:
            if self._made is None:
                self._made = super().connection
                # botocore has no option for it.
                session = self._made.meta.client._endpoint.http_session
                session._manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
            return self._made

    def exists(self, name: str) -> bool:
        """Whether the object exists. Raises StoreAway."""
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
        """Raise ValueError: only the service itself serves the files."""
        raise ValueError("files of the shared store have no URL")

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise ValueError("files of the shared store can only be read, or replaced whole")
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
        """Limit the time of the requests in the block; raise the store's errors as OSErrors."""
        self.connection  # noqa: B018 - created before the limit: imports much, sends nothing
        try:
            with breaker.call(), deadline.within(self.whole_seconds):
                yield
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _NO_SUCH_FILE:
                raise FileNotFoundError("not in the store") from error
            raise StoreAway(code) from error
        except (BotoCoreError, HTTPError, TimeoutError, Resting) as error:
            raise StoreAway(type(error).__name__) from error


# ------------------------------------------------------------------ connections under a limit


class _Limited(RawIOBase):
    """What comes from a socket, for one answer; more than `MOST_BYTES` raise OSError."""

    def __init__(self, source: RawIOBase) -> None:
        self._source, self._left = source, MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        count = self._source.readinto(buffer)
        self._left -= count or 0
        if self._left < 0:
            raise OSError(f"answer of more than {MOST_BYTES} bytes")
        return count

    def close(self) -> None:
        self._source.close()
        super().close()


class _Answer(HTTPResponse):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fp = BufferedReader(_Limited(self.fp.detach()))


class _Watched:
    """A connection that the surrounding `deadline.within` can shut down, even when it is reused."""

    response_class = _Answer
    _plain: Any = None

    def _new_conn(self) -> Any:
        made = deadline.connected(self)
        self._plain = made.dup()  # wrapping in TLS detaches the original socket object
        return made

    def request(self, *args: Any, **options: Any) -> Any:
        if self.sock is not None:  # type: ignore[attr-defined]
            deadline.watched(self._plain)
        return super().request(*args, **options)  # type: ignore[misc]

    def close(self) -> None:
        super().close()  # type: ignore[misc]
        if self._plain is not None:
            self._plain.close()
            self._plain = None


class _Connection(_Watched, awsrequest.AWSHTTPConnection):
    pass


class _TlsConnection(_Watched, awsrequest.AWSHTTPSConnection):
    pass


class _Pool(awsrequest.AWSHTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(awsrequest.AWSHTTPSConnectionPool):
    ConnectionCls = _TlsConnection

"""
What the operator asks of a running process: small files in a folder that both can write.

``DATA/requests/edge/ID.request`` is written whole or not at all; the process does it, leaves
the figures as ``ID.done`` and removes the request, and with it the address that it names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from honeypost.config.schema import Paths
from honeypost.engine.janitor import Request
from honeypost.errors import StoreError
from honeypost.stores.files import DISK, own_errors

REQUEST_BYTES: Final = 4096
PENDING_LIMIT: Final = 100
"""Requests looked at in one go."""
ASKED: Final = ".request"
DONE: Final = ".done"


class RequestFolder:
    """Implements :class:`honeypost.engine.janitor.Requests`, and the operator's side of it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, request: Request) -> None:
        """
        Ask for something; durable when this returns.

        :raises StoreError: the folder cannot be written.
        """
        with own_errors(str(self._directory)):
            DISK.make_directory(self._directory)
            self._write(request.id + ASKED, msgspec.json.encode(request))

    def pending(self) -> Sequence[Request]:
        """Requests not yet done, oldest first; what is none of ours is passed over."""
        found: list[Request] = []
        with suppress(OSError):
            names = [name for name in DISK.names(self._directory) if name.endswith(ASKED)]
            for name in names[:PENDING_LIMIT]:
                with suppress(OSError, msgspec.MsgspecError):
                    raw = self._read(name)
                    found.append(msgspec.json.decode(raw, type=Request))
        return found

    def finish(self, request: Request, figures: Mapping[str, int]) -> None:
        """
        Leave the figures and take the request away.

        :raises StoreError: the folder cannot be written.
        """
        with own_errors(str(self._directory)):
            self._write(request.id + DONE, msgspec.json.encode(dict(figures)))
            self._remove(request.id + ASKED)
            DISK.sync_directory(self._directory)

    def answer(self, request: Request) -> dict[str, int] | None:
        """Give the figures once it is done, and take them away; ``None`` as long as it is not."""
        name = request.id + DONE
        try:
            figures = msgspec.json.decode(self._read(name), type=dict[str, int])
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            raise StoreError(f"{self._directory / name}: {error}") from error
        with own_errors(str(self._directory)):
            self._remove(name)
        return figures

    def _read(self, name: str) -> bytes:
        with (self._directory / name).open("rb") as file:
            return file.read(REQUEST_BYTES)

    def _remove(self, name: str) -> None:
        (self._directory / name).unlink(missing_ok=True)

    def _write(self, name: str, data: bytes) -> None:
        """Write a file that is there whole or not at all."""
        path = self._directory / f"{name}.new"
        with path.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path.rename(self._directory / name)
        DISK.sync_directory(self._directory)


def request_folder(paths: Paths, process: str) -> RequestFolder:
    """Where requests to a process (``edge``, ``worker``) are left."""
    return RequestFolder(paths.data / "requests" / process)

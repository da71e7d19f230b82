"""A file that appears whole or not at all, and never over another one by accident."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import IO

from tarash.tarash_gateway.exceptions import ValidationError


def check_target(path: Path, overwrite: bool) -> None:
    """Raise `ValidationError` when `path` cannot be written, before anything is fetched."""
    folder = path.parent
    if "\0" in str(path):
        raise ValidationError("The name of the file holds a NUL character, which no file system takes.")
    if not folder.is_dir():
        raise ValidationError(f"The folder {folder} does not exist; create it first.")
    if not os.access(folder, os.W_OK):
        raise ValidationError(f"There is no permission to write into {folder}.")
    if path.is_dir():
        raise ValidationError(f"{path} is a folder; name a file in it.")
    if not overwrite:
        refuse_existing(path)


def refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise ValidationError(f"{path} is there already; choose another name or pass overwrite=True.")


class NewFile:
    """A nameless file in `folder`, which gets its name only when it is complete.

    Where the system has files without a name (Linux), nothing is left even when the process is killed.
    """

    def __init__(self, folder: Path) -> None:
        self._temporary: Path | None = None
        self._file = self._open_nameless(folder) or self._open_hidden(folder)

    @staticmethod
    def _open_nameless(folder: Path) -> IO[bytes] | None:
        flag = getattr(os, "O_TMPFILE", 0)
        if not flag or not Path("/proc/self/fd").is_dir():
            return None
        with contextlib.suppress(OSError):
            return os.fdopen(os.open(folder, flag | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o666), "w+b")
        return None

    def _open_hidden(self, folder: Path) -> IO[bytes]:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".tarash-")
        self._temporary = Path(name)
        return os.fdopen(descriptor, "w+b")

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def restart(self) -> None:
        """Throw away what was written so far."""
        self._file.seek(0)
        self._file.truncate()

    def publish(self, path: Path, overwrite: bool) -> None:
        """Give the complete file its name. Raises `ValidationError` when the name was taken meanwhile."""
        self._file.flush()
        os.fsync(self._file.fileno())
        if overwrite:
            self._replace(path)
            return
        try:
            self._link(path)
        except FileExistsError:
            refuse_existing(path)

    def _link(self, path: Path) -> None:
        if self._temporary is None:
            self._name(path)
            return
        self._open_up(self._temporary)
        try:
            os.link(self._temporary, path)
        except FileExistsError:
            raise
        except (NotImplementedError, OSError):
            self._move(self._temporary, path)

    @staticmethod
    def _move(temporary: Path, path: Path) -> None:
        """On a file system without hard links: reserve the name, then move over it."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        try:
            temporary.replace(path)
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def _name(self, path: Path) -> None:
        # Python follows the symbolic link only when a directory is given, which an absolute path makes no use of.
        descriptor = self._file.fileno()
        os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor, follow_symlinks=True)

    def _replace(self, path: Path) -> None:
        if self._temporary is None:
            descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".tarash-")
            os.close(descriptor)
            Path(name).unlink()
            self._name(Path(name))
            self._temporary = Path(name)
        self._open_up(self._temporary)
        self._temporary.replace(path)

    @staticmethod
    def _open_up(path: Path) -> None:
        """A temporary file is made for its owner only; the finished one gets the user's usual permissions."""
        mask = os.umask(0)
        os.umask(mask)
        path.chmod(0o666 & ~mask)

    def close(self) -> None:
        try:
            self._file.close()
        finally:
            if self._temporary is not None:
                with contextlib.suppress(FileNotFoundError):
                    self._temporary.unlink()

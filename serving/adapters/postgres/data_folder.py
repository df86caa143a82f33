"""The server's data folder, and what lies beside it: who may use it, and the passwords."""

from __future__ import annotations

import fcntl
import glob
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Final

from serving.adapters.postgres import leftovers
from serving.adapters.postgres.installation import (
    MAJOR_VERSION,
    PostgresError,
    binary,
    environment,
    last_words,
    tied,
)

_NOBODY: Final = 65534  # user and group, where we are root
_INTERRUPTED_S: Final = 30.0  # for an initdb whose owner was killed to end
_REMOVE_POLL_S: Final = 0.05


def _password() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Passwords:
    """Passwords of the login roles; their letters need no quoting in a URL."""

    postgres: str = field(default_factory=_password, repr=False)
    viva_owner: str = field(default_factory=_password, repr=False)
    viva_app: str = field(default_factory=_password, repr=False)


class DataFolder:
    """A folder of PostgreSQL's, made once and used by one owner at a time.

    When we are root the folder is nobody's, so the passwords and the lock are beside it: `<name>.passwords.json`, which
    only we can read, and `<name>.lock`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._passwords_path = self.path.with_name(f"{self.path.name}.passwords.json")
        self._lock: IO[bytes] | None = None

    @property
    def owner(self) -> tuple[int, int]:
        """User and group that the server runs as: those that have the folder."""
        status = self.path.stat()
        return status.st_uid, status.st_gid

    @property
    def tag(self) -> str:
        """Name of this folder on this host, which its server's processes carry in their command lines."""
        status = self.path.stat()
        return f"viva-{status.st_dev:x}-{status.st_ino:x}"

    def lock(self) -> None:
        """Become the folder's one owner, until `unlock` or the end of this process.

        Raises:
            PostgresError: another process, or another server of this one, owns it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = self.path.with_name(f"{self.path.name}.lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise PostgresError(f"another Viva runs the database in {self.path}") from None
        self._lock = lock

    def unlock(self) -> None:
        """Let another become the owner."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def prepare(self) -> Passwords:
        """Make the folder if there is none, whole or not at all; returns the passwords of its roles. Needs the lock.

        Raises:
            PostgresError: what is there is no database, or of another version, or its passwords are lost; or
                `initdb` failed.
        """
        version_file = self.path / "PG_VERSION"
        if version_file.exists():
            version = version_file.read_text().strip()
            if version != MAJOR_VERSION:
                raise PostgresError(
                    f"{self.path} holds a database of PostgreSQL {version}, and this is PostgreSQL {MAJOR_VERSION}"
                )
            if not self._passwords_path.exists():
                raise PostgresError(f"the passwords of {self.path} are lost: {self._passwords_path} is not there")
            if self.owner[0] == 0:
                raise PostgresError(
                    f"{self.path} belongs to root, as whom PostgreSQL does not run: chown -R {_NOBODY}:{_NOBODY} it"
                )
            return self._read_passwords()
        if self.path.exists() and any(self.path.iterdir()):
            raise PostgresError(f"{self.path} is not empty and holds no database")
        # Before the folder: one that is there has its passwords.
        passwords = self._read_passwords() if self._passwords_path.exists() else self._write_passwords(Passwords())
        self._create(passwords)
        return passwords

    def make_way(self, grace_s: float = 0.0) -> None:
        """Get rid of what an earlier server has left: its processes, after `grace_s` seconds, and its process id.

        Needs the lock, and no server that is wanted.
        """
        leftovers.end(self.tag, self.owner[0], grace_s)
        self._drop_recycled_pid_file()

    def _drop_recycled_pid_file(self) -> None:
        """Remove a `postmaster.pid` whose process id now belongs to a stranger, as after a container's restart.

        PostgreSQL itself sees only that such a process lives, and would refuse to start for as long as it does.
        """
        path = self.path / "postmaster.pid"
        try:
            pid = path.read_text().split()[0]
            stranger = Path("/proc", pid, "comm").read_text() != "postgres\n"
        except (OSError, IndexError):
            return
        if stranger:
            path.unlink()

    def _create(self, passwords: Passwords) -> None:
        prefix = f".{self.path.name}.new-"
        for interrupted in self.path.parent.glob(f"{glob.escape(prefix)}*"):
            _remove(interrupted)
        # Not under a fixed name: an initdb whose owner was killed may still be clearing up its own.
        fresh = Path(tempfile.mkdtemp(prefix=prefix, dir=self.path.parent))
        try:
            self._initialise(fresh, passwords)
            fresh.rename(self.path)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        _sync_folder(self.path.parent)

    def _initialise(self, fresh: Path, passwords: Passwords) -> None:
        uid = gid = _NOBODY
        if os.geteuid() == 0:
            os.chown(fresh, uid, gid)
        else:
            uid, gid = os.geteuid(), os.getegid()
        command = [binary("initdb"), "-D", str(fresh), "-U", "postgres", "--auth=scram-sha-256", "--pwfile=/dev/stdin"]
        # The builtin provider sorts by code point for ever; the C library's order changes with its version.
        command += ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = subprocess.run(
            tied(command, uid, gid),
            input=f"{passwords.postgres}\n",
            capture_output=True,
            text=True,
            env=environment(),
        )
        if done.returncode != 0:
            raise PostgresError(f"the database in {self.path} cannot be made: {last_words(done.stderr)}")

    def _read_passwords(self) -> Passwords:
        try:
            return Passwords(**json.loads(self._passwords_path.read_text()))
        except (ValueError, TypeError):  # without the cause, which may quote the file
            raise PostgresError(f"{self._passwords_path} cannot be read as passwords") from None

    def _write_passwords(self, passwords: Passwords) -> Passwords:
        fresh = self._passwords_path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        with fresh.open("w") as file:
            json.dump(asdict(passwords), file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._passwords_path)
        _sync_folder(self._passwords_path.parent)
        return passwords


def _remove(folder: Path) -> None:
    """Remove a folder into which a process that is about to end may still write."""
    give_up_at = time.monotonic() + _INTERRUPTED_S
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
        if time.monotonic() >= give_up_at:  # harmless: it has another name than the folder in use
            return
        time.sleep(_REMOVE_POLL_S)


def _sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

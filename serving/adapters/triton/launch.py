"""Exec wrapper of a child that must not outlive its parent: `python launch.py PARENT_PID COMMAND...`.

Runs as a plain file under `python -I` (no package, no site of ours), so it works whatever the current directory
or installation, and costs one interpreter start. `subprocess`'s `preexec_fn` would do the same in a forked copy
of a threaded process, which its documentation warns of.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(argv: list[str]) -> None:
    """Tie this process to its parent, give it a process group of its own, and become COMMAND.

    SIGTERM, not SIGKILL: an orphaned tritonserver still stops its stubs and unlinks its shared memory. The kernel
    sends it when the *thread* that forked us ends, so the caller forks from one that lives as long as it does.
    """
    parent_pid, command = int(argv[1]), argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent_pid:  # it died before prctl: nobody would ever signal us
        sys.exit(1)
    # A group of its own: Ctrl-C at the terminal reaches only the parent, which then stops us in order.
    os.setpgid(0, 0)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv)

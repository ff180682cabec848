"""Become another program that the kernel kills as soon as the process that started this one is gone.

Run as `python -I die_with_parent.py PARENT_PID COMMAND [ARGUMENT ...]`. It is a program and not a
`preexec_fn` because running Python between fork and exec can deadlock where the parent has threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2); kept across execve(2)


def main() -> None:
    parent, *command = sys.argv[1:]
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != int(parent):
        sys.exit("the parent was gone before its death could be watched")
    os.execvp(command[0], command)  # noqa: S606 - replacing this process is the purpose


if __name__ == "__main__":
    main()

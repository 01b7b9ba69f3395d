"""Ties a process to its parent, then becomes a program.

Called as `tether.py PARENT SIGNAL USER PROGRAM [ARGUMENTS]`, with `-` where the user stays the same. When the parent
is killed, Linux sends the signal to us, so that no part outlives the stack. The promise survives exec, but not a change
of user, so users are changed first, here: Python itself may lie where that user cannot reach it. It is a program of its
own because nothing may run between fork and exec in a process that has threads. On other systems the pid files alone do
this work, at the next start.
"""

import ctypes
import os
import pwd
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, signal: int, user: str, command: list[str]) -> None:
    """Become the command, tied to the parent."""
    libc = ctypes.CDLL(None, use_errno=True)
    if user != "-":
        _become(user)
    if sys.platform == "linux":
        if libc.prctl(_PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        if os.getppid() != parent:  # it died before we were tied
            sys.exit(f"the parent {parent} is gone")
    os.execv(command[0], command)  # noqa: S606 - becoming another program is the purpose


def _become(user: str) -> None:
    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])

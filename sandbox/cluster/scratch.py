"""Temporary directories that are gone after their owner, even when it could not clean up."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "sagemaker-ab-cluster-"
_LOCK = ".owner"


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Make a directory for this process alone and remove it at the end.

    One whose owner was killed is removed by the next call: the owner's lock on it died with it.
    """
    _sweep()
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
    with (directory / f"{_LOCK}.new").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Named only when it is locked, so that no sweep can find it free.
        (directory / f"{_LOCK}.new").rename(directory / _LOCK)
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)


def _sweep() -> None:
    for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        # Another user's, in use, or just swept by another process.
        with suppress(PermissionError, BlockingIOError, FileNotFoundError):
            if lock.stat().st_uid == os.getuid():
                _remove_unowned(lock)


def _remove_unowned(lock: Path) -> None:
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(lock.parent, ignore_errors=True)

import subprocess
import sys

import pytest

from honeypost.errors import StoreBusy, StoreError
from honeypost.stores.lock import WriterLock, locked


def test_one_at_a_time(tmp_path):
    first = WriterLock(tmp_path / "edge" / "lock")
    with pytest.raises(StoreBusy, match="another process"):
        WriterLock(tmp_path / "edge" / "lock")
    first.release()
    first.release()
    WriterLock(tmp_path / "edge" / "lock").release()


def test_the_kernel_gives_it_back_when_its_process_is_gone(tmp_path):
    path = tmp_path / "lock"
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "from honeypost.stores.lock import WriterLock;"
        "lock = WriterLock(Path(sys.argv[1])); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode == -9
    WriterLock(path).release()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError):
        WriterLock(tmp_path / "file" / "lock")


def test_a_store_that_cannot_be_opened_gives_its_lock_back(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "lock"):
        raise ZeroDivisionError
    with locked(tmp_path / "lock") as held, pytest.raises(StoreBusy):
        WriterLock(tmp_path / "lock")
    with pytest.raises(StoreBusy):
        WriterLock(tmp_path / "lock")
    held.release()

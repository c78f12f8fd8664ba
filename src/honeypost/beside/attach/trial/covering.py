"""
Lay private folders over the places that the daemons use, in a mount namespace of our own.

The daemons' names for their files stay, so configuration, scripts and sockets are tried exactly
as they will be.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.trial.orders import Orders

DEV_LOG = Path("/dev/log")


def cover(orders: Orders) -> None:
    """
    Cover every place; the caller is in a mount namespace of its own.

    :raises AttachFailed: the kernel does not let us. :raises OSError: no room or no right.
    """
    folder = Path(orders.folder)
    for number, place in enumerate((orders.postfix_directory, _dovecot_folder(orders))):
        _copied(Path(place), folder / f"configuration-{number}")
        _bind(folder / f"configuration-{number}", Path(place))
    _write(orders)
    _bind(_made(folder / "queue", "root"), Path(orders.queue_directory))
    _bind(_made(folder / "data", "postfix"), Path(orders.data_directory))
    _bind(_made(folder / "run", "root"), Path(orders.dovecot_run))
    _bind(_made(folder / "state", "root"), Path(orders.dovecot_state))
    _hide_log(folder)


def cover_homes(orders: Orders) -> None:
    """Give the trial's decoy a home that goes with the trial."""
    home = Path(orders.decoy_home)
    _bind(_made(Path(orders.folder) / "homes", "root"), home)
    home.chmod(0o777)


def _write(orders: Orders) -> None:
    for path, data, mode, gid in orders.files:
        place = Path(path)
        if _covered(place, orders):
            place.parent.mkdir(mode=0o755, exist_ok=True)
            place.write_bytes(data)
            place.chmod(mode)
            shutil.chown(place, 0, gid)


def _covered(path: Path, orders: Orders) -> bool:
    return any(
        path.is_relative_to(place) for place in (orders.postfix_directory, _dovecot_folder(orders))
    )


def _dovecot_folder(orders: Orders) -> str:
    return str(Path(orders.dovecot_config).parent)


def _copied(place: Path, copy: Path) -> None:
    # Not shutil.copytree: it keeps no owners.
    subprocess.run(["cp", "-a", "--", place, copy], check=True, capture_output=True)  # noqa: S603, S607 - a fixed program


def _made(folder: Path, owner: str) -> Path:
    folder.mkdir(mode=0o755)
    shutil.chown(folder, owner)
    return folder


def _bind(private: Path, place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    mount("--bind", private, place)


def _hide_log(folder: Path) -> None:
    """A login of the trial must not stand in the site's log, which fail2ban reads."""
    if DEV_LOG.exists():
        nowhere = folder / "log-socket"
        nowhere.touch()
        mount("--bind", nowhere, DEV_LOG.resolve())


def mount(*arguments: str | Path) -> None:
    """
    Run ``mount``.

    :raises AttachFailed: it is not allowed here, as in many containers.
    """
    done = subprocess.run(["mount", *arguments], check=False, capture_output=True, text=True)  # noqa: S603, S607 - a fixed program
    if done.returncode:
        raise AttachFailed(
            f"the trial cannot use a mount namespace here ({done.stderr.strip()}), so nothing is"
            " attached; on a container host allow it, or attach outside of the container"
        )

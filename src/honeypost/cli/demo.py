"""``honeypost demo``: watch a whole attack on this machine; nothing leaves it."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from honeypost.app.demo.attack import ACTS, Attack, Seen
from honeypost.app.demo.claims import Claim, Judge
from honeypost.app.demo.observer import Observer
from honeypost.app.demo.site import DemoSite
from honeypost.cli import screen, shapes
from honeypost.cli.options import JsonOption
from honeypost.cli.stage import LiveStage, PlainStage, Stage

LOOK_SECONDS = 0.1
"""How often the stores are looked at."""
WORKER_SECONDS = 30.0
"""How long the worker may take to catch up."""
QUIET_SECONDS = 0.6
"""An event is in the journal after a quarter of a second; then both sides have said it all."""
QUIET_MOST_SECONDS = 5.0

HeadlessOption = Annotated[
    bool, typer.Option("--headless", help="Plain lines, also in a terminal.")
]
AssertOption = Annotated[
    bool, typer.Option("--assert", help="Exit with 1 when anything the demo says is not so.")
]
FastOption = Annotated[bool, typer.Option("--fast", help="Refuse at once instead of after 2 s.")]
KeepOption = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="Keep what was stored here; else it is deleted at the end."
    ),
]


def demo(
    headless: HeadlessOption = False,
    check: AssertOption = False,
    fast: FastOption = False,
    data: KeepOption = None,
    as_json: JsonOption = False,
) -> int:
    """Watch a whole attack in a minute: own decoys, scripted attackers, loopback only."""
    out = Console(highlight=False, stderr=as_json)
    begun = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(ended_in_order())
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="honeypost-")))
        stage = stack.enter_context(_stage(out, headless=headless or as_json))
        judge = play(stage, folder.resolve(), fast=fast)
        claims = list(judge.claims())
    result = summary(judge, claims, time.monotonic() - begun, str(data or ""))
    if as_json:
        screen.print_json(result)
    curtain(out, result)
    return int(check and not all(claim.holds for claim in claims))


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Have SIGTERM and SIGHUP end us as Ctrl-C does: processes stopped, folder deleted."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.default_int_handler) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stage(out: Console, *, headless: bool) -> Stage:
    plain = headless or not out.is_terminal or out.is_dumb_terminal
    return PlainStage(out) if plain else LiveStage(out)


def play(stage: Stage, folder: Path, *, fast: bool) -> Judge:
    """Play all acts on a site in this folder; its processes have ended when this returns."""
    stage.act(0, "Starting the decoys on free ports of 127.0.0.1 ...")
    heard: SimpleQueue[Seen] = SimpleQueue()
    with ExitStack() as stack:
        site = stack.enter_context(DemoSite(folder, fast))
        backstage = stack.enter_context(ThreadPoolExecutor(1))
        attack = Attack(site.listeners, heard.put)
        observer = Observer(site.paths, tuple(site.pids.values()), site.listeners.ports)
        look = partial(_tell, stage, heard, observer)
        stack.callback(attack.stopped.set)
        for number, (title, act) in enumerate(ACTS, start=1):
            stage.act(number, title)
            _run(backstage.submit(act, attack), look)
            _dwell(look)
        _await_worker(len(attack.sent), observer, look)
        look()
    return Judge(site, attack, observer)


def _run(act: Future[None], look: Callable[[], bool]) -> None:
    """Look on until the act is over; what went wrong in it is raised here."""
    while not act.done():
        look()
        time.sleep(LOOK_SECONDS)
    act.result()


def _dwell(look: Callable[[], bool]) -> None:
    """Look on until the stores have been quiet for a while: both sides end an act together."""
    until = time.monotonic() + QUIET_SECONDS
    last = until + QUIET_MOST_SECONDS
    while time.monotonic() < min(until, last):
        if look():
            until = time.monotonic() + QUIET_SECONDS
        time.sleep(LOOK_SECONDS)


def _await_worker(count: int, observer: Observer, look: Callable[[], bool]) -> None:
    """Wait for the links; a worker that does not come is for the claims to say."""
    until = time.monotonic() + WORKER_SECONDS
    while observer.reports() < count and time.monotonic() < until:
        look()
        time.sleep(LOOK_SECONDS)


def _tell(stage: Stage, heard: SimpleQueue[Seen], observer: Observer) -> bool:
    """Show what is new on both sides; was there anything?"""
    news = not heard.empty()
    while True:
        try:
            stage.seen(heard.get_nowait())
        except Empty:
            break
    for known in observer.look():
        stage.known(known)
        news = True
    return news


def summary(judge: Judge, claims: list[Claim], seconds: float, data: str) -> shapes.DemoResult:
    """Put the outcome into its shape."""
    return shapes.DemoResult(
        messages_left=len(judge.observer.outwards),
        credentials_traced=len(judge.traced),
        links_found=len(judge.links),
        captures=len(judge.messages),
        guesses=len(judge.attack.tried),
        hosts=len({source for source, _ in judge.attack.tried}),
        seconds=round(seconds, 1),
        data=data,
        claims=[shapes.Claim(claim.text, claim.holds, claim.detail) for claim in claims],
    )


def curtain(out: Console, result: shapes.DemoResult) -> None:
    """Print what came of it; the last lines are the point of it all."""
    out.print()
    for claim in result.claims:
        mark = ("  ok    ", "green") if claim.holds else ("  FAIL  ", "bold red")
        detail = f"  {claim.detail}" if claim.detail else ""
        out.print(Text.assemble(mark, claim.text, (detail, "dim")))
    out.print()
    if result.data:
        line = Text(f"  look around: honeypost accounts --data {result.data}", "dim")
        out.print(line, soft_wrap=True)
    for count, one, many in (
        (result.messages_left, "message left this machine", "messages left this machine"),
        (
            result.credentials_traced,
            "credential traced from the guess to its use by others",
            "credentials traced from the guess to their use by others",
        ),
        (result.links_found, "link found in what they sent", "links found in what they sent"),
    ):
        out.print(Text.assemble((f"{count:>4}", "bold"), f"  {one if count == 1 else many}"))

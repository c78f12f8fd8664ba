"""
``honeypost captures``: mail that decoys sent and that never left.

Nothing here parses hostile mail: links and attachments come from the worker's report, and the
message itself is shown as it was sent, line by line, with controls escaped and links
defanged.  ``--raw`` writes the exact bytes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from honeypost.cli import screen, withheld
from honeypost.cli.archive import Archive
from honeypost.cli.options import ConfigOption, DataOption, JsonOption, existing_data, settings
from honeypost.cli.shapes import Attachment, Capture, Link
from honeypost.config.schema import Paths
from honeypost.engine.bounces import withheld as is_withheld
from honeypost.errors import HoneypostError, UsageError
from honeypost.extract.report import Report
from honeypost.model import printable
from honeypost.stores.reader import Joined

LISTED = 50
SHORT_ID = 8
"""Hex digits of an id that the list shows: 32 of its random bits."""
LINES_SHOWN = 120
LINE_BYTES_SHOWN = 400
HEADER_BYTES = 64 * 1024
"""The subject is looked for in so many bytes."""

captures = typer.Typer(
    help="Mail that decoys sent and that never left.",
    invoke_without_command=True,
    rich_markup_mode=None,
    add_completion=False,
)


@captures.callback()
def listing(
    context: typer.Context,
    data: DataOption,
    limit: Annotated[int, typer.Option(min=1, help="Newest so many.")] = LISTED,
    late_bounce: Annotated[
        bool, typer.Option("--late-bounce", help="Mail from outside to unknown addresses instead.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List captured messages, oldest first; "show ID" shows one."""
    if context.invoked_subcommand:
        return
    with Archive(Paths(existing_data(data))) as archive:
        messages = archive.withheld() if late_bounce else archive.messages()
        found = [shape(archive, message) for message in messages[-limit:]]
        day = withheld.today(archive, time.time())
    if as_json:
        screen.print_json(*found)
    elif late_bounce:
        withheld.show_list(found, len(messages) - len(found), day)
    else:
        show_list(found, len(messages) - len(found))


@captures.command("release")
def release(
    capture: Annotated[
        str, typer.Argument(metavar="ID", help="Capture id, in full or as listed, or a queue id.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="A real user of this site.")],
    data: DataOption,
    config: ConfigOption = None,
) -> None:
    """Deliver mail to an unknown address to a real mailbox now; never what a decoy sent."""
    with Archive(Paths(existing_data(data))) as archive:
        message = one(archive, capture)
        address = withheld.release(archive, message, to, settings(config, data))
    withheld.say_released(message.capture.id, address)


@captures.command("show")
def show(
    capture: Annotated[
        str, typer.Argument(metavar="ID", help="Capture id, in full or as listed, or a queue id.")
    ],
    data: DataOption,
    raw: Annotated[
        bool, typer.Option("--raw", help="Write the exact bytes, nothing else.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one message: headers, text, links, recipients, attachments."""
    with Archive(Paths(existing_data(data))) as archive:
        message = one(archive, capture)
        body = archive.segments.read(message.capture.id)
        found = shape(archive, message, full=True)
    if raw:
        sys.stdout.buffer.write(body)
    elif as_json:
        screen.print_json(found)
    else:
        show_one(found, body)


def one(archive: Archive, wanted: str) -> Joined:
    """
    Find the message that is meant.

    :raises UsageError: when several are. :raises HoneypostError: when there is none.
    """
    every = [*archive.messages(), *archive.withheld()]
    found = [message for message in every if means(message, wanted)]
    if len(found) > 1:
        raise UsageError(f"{wanted!r} fits {len(found)} messages; give more of the id")
    if not found:
        raise HoneypostError(f"there is no capture {wanted!r}")
    return found[0]


def means(message: Joined, wanted: str) -> bool:
    """Is the message meant by that id: of a part, whole or as listed, or its queue id?"""
    return wanted == message.capture.envelope.queue_id or any(
        wanted in (part, part[-SHORT_ID:]) for part in message.parts
    )


def shape(archive: Archive, message: Joined, *, full: bool = False) -> Capture:
    """Give what is printed about a message; the lists are left empty unless ``full``."""
    kept, envelope = message.capture, message.capture.envelope
    report = archive.report(kept.id)
    known = report or Report(file=kept.id)
    client = envelope.via or kept.who.client
    return Capture(
        id=kept.id,
        time=screen.timestamp(kept.time),
        account=envelope.account,
        client=client.address,
        queue_id=envelope.queue_id,
        reverse_path=printable(envelope.reverse_path),
        subject=subject(archive.segments.read(kept.id)[:HEADER_BYTES]),
        recipient_count=len(envelope.recipients),
        size=kept.size,
        sha256=kept.sha256,
        extracted=report is not None,
        link_count=len(known.links),
        attachment_count=len(known.attachments),
        recipients=[printable(each.address) for each in envelope.recipients] if full else [],
        links=[Link(each.url, each.domain, str(each.role)) for each in known.links] if full else [],
        attachments=[
            Attachment(each.name, each.type, each.sha256, each.size) for each in known.attachments
        ]
        if full
        else [],
        errors=list(known.errors) if full else [],
        late_bounce=withheld.states(archive, message) if is_withheld(kept) else [],
    )


def subject(head: bytes) -> str:
    r"""
    Give the first Subject line as it stands, not decoded, controls escaped.

    >>> subject(b"To: x\r\nSUBJECT: a\x1bb\r\n\r\nSubject: no")
    'a\\x1bb'
    """
    for line in head.split(b"\n"):
        if not line.strip():
            break
        name, colon, value = line.partition(b":")
        if colon and name.lower() == b"subject":
            return printable(value.strip())
    return ""


def show_list(found: list[Capture], left_out: int) -> None:
    """Print the list for people."""
    out = screen.console()
    if not found:
        out.print(Text("no decoy has sent anything yet", "dim"))
        return
    grid = screen.table("capture", "time", "account", "from", ">to", ">links", "subject", on=out)
    for each in found:
        links = f"{each.link_count}" if each.extracted else "-"
        grid.add_row(
            Text(each.id[-SHORT_ID:], "dim"), each.time[5:16].replace("T", " "), Text(each.account),
            each.client, f"{each.recipient_count:,}", links,
            Text(each.subject),
        )  # fmt: skip
    out.print(grid)
    if left_out:
        out.print(Text(f"and {left_out:,} older (--limit)", "dim"))


def show_one(found: Capture, body: bytes) -> None:
    """Print one message for people."""
    out = screen.console()
    out.print(Text(f"capture {found.id}", "bold"))
    for name, value in _facts(found):
        out.print(screen.label(name, value))
    for link in found.links:
        out.print(screen.label("link", f"{screen.defanged(link.url)}  ({link.role})"))
    for each in found.attachments:
        out.print(screen.label("attachment", f"{each.name}  {each.type}, {screen.size(each.size)}"))
    if found.errors:
        out.print(screen.label("not read", ", ".join(found.errors), "yellow"))
    out.print()
    for line in lines(body):
        out.print(Text(f"  {line}"), soft_wrap=True)


def _facts(found: Capture) -> Iterator[tuple[str, str]]:
    yield "time", found.time.replace("T", " ")
    yield from _whose(found)
    yield "told", f"250 2.0.0 Ok: queued as {found.queue_id}"
    yield "size", f"{screen.size(found.size)}, sha256 {found.sha256[:16]}..."
    yield "from", f"<{found.reverse_path}>"
    yield "to", ", ".join(found.recipients)
    if not (found.extracted or found.late_bounce):
        yield "links", "not looked at yet"


def _whose(found: Capture) -> Iterator[tuple[str, str]]:
    if not found.late_bounce:
        yield "account", f"{found.account} from {found.client}"
        return
    yield "client", found.client
    for each in found.late_bounce:
        why = f": {each.why}" if each.why else ""
        yield "sender", f"{withheld.WORDS[each.state]} of {each.recipient}{why}"


def lines(body: bytes) -> Iterator[str]:
    """Give the lines of a message for a screen: bounded, escaped, with no link to click on."""
    every = body.split(b"\n")
    for line in every[:LINES_SHOWN]:
        yield screen.defanged(printable(line.rstrip(b"\r"), LINE_BYTES_SHOWN))
    if len(every) > LINES_SHOWN:
        yield f"... {len(every) - LINES_SHOWN:,} more lines (--raw)"

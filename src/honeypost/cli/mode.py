"""``honeypost mode``: only look, or deceive."""

from __future__ import annotations

from typing import Annotated

import typer

from honeypost.cli import attaching, screen, shapes
from honeypost.cli.attach import ForceOption, attach
from honeypost.cli.detach import detach
from honeypost.cli.options import ConfigOption, DataOption, JsonOption
from honeypost.errors import UsageError

MODES = ("observe", "deceive")


def mode(
    data: DataOption,
    config: ConfigOption = None,
    wanted: Annotated[str, typer.Argument(help="observe or deceive.", metavar="MODE")] = "",
    force: ForceOption = False,
    json: JsonOption = False,
) -> int:
    """
    Say whether Honeypost only looks at this host's log or deceives; or change it.

    deceive is attach --apply, observe is detach. What else is switched on stands behind it:
    caps (penalties.mode) and late bounce (late_bounce.mode).
    """
    if wanted not in ("", *MODES):
        raise UsageError(f"{wanted!r} is neither {' nor '.join(MODES)}")
    layout = attaching.layout(config, data)
    now = attaching.state(layout)
    if wanted and wanted != now:
        return _change(data, config, wanted, force=force, json=json)
    measures = attaching.measures(layout)
    if json:
        screen.print_json(shapes.Mode(now, measures))
    else:
        typer.echo(f"{now}, with {' and '.join(measures)}" if measures else now)
    return 0


def _change(data: DataOption, config: ConfigOption, wanted: str, *, force: bool, json: bool) -> int:
    if wanted == "deceive":
        return attach(data, config, apply=True, force=force, json=json)
    detach(data, config, json=json)
    return 0

"""
The counter-measures besides decoys that lie upon the containment in Postfix, each by its setting.

========================  =============================================================
``penalties.mode = on``   caps on simultaneous connections
``late_bounce.mode = on`` unknown names are accepted and answered late
========================  =============================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from honeypost.beside.attach.caps import caps_settings
from honeypost.beside.attach.late_bounce import late_bounce_text
from honeypost.beside.attach.postfix_text import PostfixSettings
from honeypost.beside.attach.record import Attachment, Layer, Limbo
from honeypost.beside.postfix.containment_config import ContainmentConfig
from honeypost.beside.survey.recipes import Recipe
from honeypost.beside.survey.site import MailSite
from honeypost.config.schema import Config, SiteSecrets


@dataclass(frozen=True, slots=True)
class Measures:
    """What is to lie upon containment, in this order."""

    layers: Mapping[str, PostfixSettings] = field(default_factory=dict)
    limbo: Limbo | None = None
    """The late bounce among them."""


def wanted_measures(
    site: MailSite,
    recipe: Recipe,
    config: Config,
    secrets: SiteSecrets,
    containment: ContainmentConfig,
    *,
    never: tuple[str, ...],
    standing: Attachment | None = None,
) -> Measures:
    """
    Say which counter-measures the configuration wants, as settings of this site.

    :param never: networks that never have a penalty.
    :param standing: what is attached; of it, what is wanted further stays as it is.
    :raises AttachFailed: one of them cannot be on this site; says why.
    """
    layers: dict[str, PostfixSettings] = {}
    stands = standing.layers if standing else {}
    if config.penalties.mode == "on":
        layers[Layer.CAPS] = stands.get(Layer.CAPS) or caps_settings(site.postfix, never)
    if config.late_bounce.mode != "on":
        return Measures(layers)
    parts = (Layer.LATE_BOUNCE, Layer.ACCEPTANCE)
    if standing is not None and standing.limbo is not None and stands.keys() >= set(parts):
        layers.update((part, stands[part]) for part in parts)
        return Measures(layers, standing.limbo)
    delay = config.late_bounce.delay_hours * 3600
    text = late_bounce_text(site.postfix, recipe, containment, secrets, delay)
    # Routes that still stand, since it was being taken off, keep their socket.
    layers[Layer.LATE_BOUNCE] = stands.get(Layer.LATE_BOUNCE) or text.routes
    layers[Layer.ACCEPTANCE] = text.acceptance
    return Measures(layers, (standing and standing.limbo) or text.limbo)

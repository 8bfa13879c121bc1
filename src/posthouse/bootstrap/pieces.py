"""Small pieces that the house is put together from."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import dns.asyncresolver

from posthouse.channels.email.providers import PROVIDERS
from posthouse.config import Settings
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.suppressions.rules import SuppressionRules
from posthouse.core.templates.lint.pictures import PictureAsker


def text(package: str, name: str) -> str:
    """A file of ours."""
    return files(f"posthouse.{package}").joinpath(name).read_text(encoding="utf-8")


def suppression_rules(settings: Settings) -> SuppressionRules:
    """When addresses are suppressed."""
    suppression = settings.suppression
    return SuppressionRules(
        soft_bounces=suppression.soft_bounces,
        soft_days=suppression.soft_days,
        soft_for_days=suppression.soft_for_days,
        hard_for_days=suppression.hard_for_days,
    )


def check_provider(kind: str, settings: Mapping[str, Any]) -> None:
    """Refuses what a kind of provider cannot work with."""
    descriptor = PROVIDERS.get(kind)
    if descriptor is None:
        raise ValidationError(
            f"there is no kind of provider {kind!r}; there is: {', '.join(PROVIDERS)}{did_you_mean(kind, PROVIDERS)}",
            fields=[FieldProblem("/kind", f"write one of {', '.join(PROVIDERS)}", "unknown-word")],
        )
    descriptor.check(settings)


def pictures_of(settings: Settings) -> PictureAsker:
    """Asks other hosts for the pictures of mails: where webhooks may go, it may go too."""
    from posthouse.channels.pictures.asker import WebPictures  # noqa: PLC0415 - an HTTP client takes memory

    return WebPictures(settings.webhooks.allow_networks)


def resolver_of(settings: Settings) -> dns.asyncresolver.Resolver:
    """The resolvers to ask: those of the settings, else the machine's; none at all still makes an object that fails kindly."""
    servers = list(settings.mail.dns_servers)
    if not servers and Path("/etc/resolv.conf").exists():
        return dns.asyncresolver.Resolver()
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = servers
    resolver.port = settings.mail.dns_port
    return resolver

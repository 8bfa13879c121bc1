"""Whether mail can leave: names resolve, domains are proved, providers answer."""

import asyncio
import smtplib
import ssl
from collections.abc import Mapping
from typing import Any, Final

from posthouse.bootstrap import House
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.workspaces.model import Domain, Verification, Workspace
from posthouse.runtime.doctor.findings import Finding, Level, error, ok, warning

PATIENCE: Final = 5.0
"""Seconds for a connection and for each answer."""
_KNOWN_NAME: Final = "example.com"
"""Reserved and served by everybody's DNS (RFC 2606)."""


async def look_at_names(house: House) -> Finding:
    """Whether the resolver answers."""
    resolver = house.context.resolver
    if resolver is None:
        return warning("dns", "no resolver is set up", "set [mail] dns_servers, or mend /etc/resolv.conf")
    try:
        async with asyncio.timeout(PATIENCE):
            await resolver.mail_hosts(_KNOWN_NAME)
    except TimeoutError:
        said = f"no answer within {PATIENCE:g} s"
    except Exception as problem:  # noqa: BLE001 - whatever a resolver raises is the finding
        said = str(problem) or type(problem).__name__
    else:
        return ok("dns", "the resolver answers")
    level = Level.ERROR if await _delivers_directly(house) else Level.WARNING
    return Finding("dns", level, said, "without it no domain can be checked and the provider mx cannot deliver")


async def _delivers_directly(house: House) -> bool:
    """Whether any workspace has an enabled provider that looks receivers up itself."""
    for workspace in await house.workspaces.list():
        if any(row.kind == "mx" and row.enabled for row in await house.providers.list(workspace.id)):
            return True
    return False


async def look_at_domains(house: House) -> list[Finding]:
    """Whether each workspace has somebody to write as."""
    found: list[Finding] = []
    for workspace in await house.workspaces.list():
        domains = await house.domains.list(workspace.id)
        if not domains:
            found.append(_nobody("sending domain", workspace, "posthouse domains add"))
        found += [_judge_domain(domain) for domain in domains]
    return found


def _judge_domain(domain: Domain) -> Finding:
    about = f"domain {domain.name}"
    if domain.verification is Verification.DNS:
        return ok(about, "verified by DNS")
    if domain.verification is Verification.MANUAL:
        return warning(
            about,
            "the proof by DNS was skipped: only providers on loopback carry it",
            f"posthouse domains check {domain.name}",
        )
    return warning(about, "not verified yet: nothing leaves in its name", f"posthouse domains check {domain.name}")


async def look_at_providers(house: House) -> list[Finding]:
    """Whether each enabled provider answers; all at the same time."""
    found: list[Finding] = []
    for workspace in await house.workspaces.list():
        rows = [row for row in await house.providers.list(workspace.id) if row.enabled]
        if not rows:
            found.append(_nobody("provider", workspace, "posthouse providers add"))
        found += await asyncio.gather(*(_judge_provider(row) for row in rows))
    return found


async def _judge_provider(row: ProviderRow) -> Finding:
    about = f"provider {row.name}"
    if row.kind != "smtp":
        return ok(about, f"{row.kind}: nothing to connect to beforehand")
    where = f"{row.settings.get('host')} port {row.settings.get('port', 587)}"
    try:
        greeting = await asyncio.to_thread(_greet, row.settings)
    except ssl.SSLError as problem:
        return error(about, f"{where}: TLS fails ({problem.reason})", "check the certificate, the host name and tls")
    except smtplib.SMTPException as problem:
        return error(about, f"{where}: {problem}", "is this a mail server that lets this machine in?")
    except OSError as problem:
        return error(about, f"{where}: {problem.strerror or problem}", "check host, port and firewall")
    return ok(about, f"{where} answers: {greeting}")


def _greet(settings: Mapping[str, Any]) -> str:
    """Connects, says EHLO, secures the connection as the provider would, and says goodbye. No password is sent."""
    host, port, tls = str(settings["host"]), int(settings.get("port", 587)), str(settings.get("tls", "verify"))
    strict = ssl.create_default_context(cafile=settings.get("ca_file") or None)
    lax = ssl._create_unverified_context()  # noqa: S323, SLF001 - as the provider does with these settings
    if tls == "implicit":
        client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=strict)
    else:
        client = smtplib.SMTP(host, port, timeout=PATIENCE)
    with client:
        client.ehlo()
        if tls in {"verify", "starttls-verify", "starttls"}:
            client.starttls(context=lax if tls == "starttls" else strict)
            client.ehlo()
        words = (client.ehlo_resp or b"").decode("utf-8", "replace").splitlines()
        return words[0] if words else "hello"


def _nobody(what: str, workspace: Workspace, advice: str) -> Finding:
    return warning(f"workspace {workspace.name}", f"has no {what}", advice)

"""``posthouse domains``."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from posthouse.channels.email.dns_records import zone_line
from posthouse.cli.frame import Desk, Output, command, group
from posthouse.cli.frame.exits import Exit
from posthouse.core.kernel.ids import DOMAIN, show
from posthouse.core.kernel.moments import show_moment
from posthouse.core.workspaces.model import Domain
from posthouse.core.workspaces.ports import DnsFinding, DnsRecord

Name = Annotated[str, typer.Argument(metavar="DOMAIN", help="Such as shop.example.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    domains = group("domains", "Sending domains: who we may write as, their keys and DNS records.")
    app.add_typer(domains)
    command(domains, "add", example="posthouse domains add shop.example --data ./data")(add)
    command(domains, "list", example="posthouse domains list")(list_all)
    command(domains, "records", example="posthouse domains records shop.example")(records)
    command(domains, "check", example="posthouse domains check shop.example")(check)
    command(domains, "remove", example="posthouse domains remove shop.example")(remove)


async def add(
    desk: Desk,
    name: Name,
    verified: Annotated[
        bool, typer.Option("--verified", help="Skip the proof by DNS: only providers on loopback will carry its mail.")
    ] = False,
) -> None:
    """Add a sending domain: makes its DKIM keys and prints the DNS records to publish."""
    async with desk.open_workspace() as (house, workspace):
        domain = await house.domains.add(workspace.id, name, verified=verified)
        document = domain_document(domain, house.domains.records(domain))

    def human() -> None:
        proof = "; the proof by DNS is skipped: only providers on loopback carry its mail" if domain.usable else ""
        desk.out.say(f"{domain.name} added{proof}.")
        print_records(desk.out, document["records"])
        if not domain.usable:
            desk.out.note(f"Mail can leave in its name after: posthouse domains check {domain.name}{desk.again}")

    desk.out.result(document, human)


async def list_all(desk: Desk) -> None:
    """List the sending domains; the first is the default."""
    async with desk.open_workspace() as (house, workspace):
        domains = await house.domains.list(workspace.id)
        documents = [domain_document(domain, house.domains.records(domain)) for domain in domains]

    def human() -> None:
        rows = [(item["name"], item["verification"], item["checked_at"] or "never") for item in documents]
        desk.out.table(
            ("domain", "verified by", "checked"), rows, empty="no domains yet; add one: posthouse domains add"
        )

    desk.out.result(documents, human)


async def records(desk: Desk, name: Name) -> None:
    """Print the DNS records of a domain, ready to copy."""
    async with desk.open_workspace() as (house, workspace):
        domain = await house.domains.get(workspace.id, name)
        document = domain_document(domain, house.domains.records(domain))
    desk.out.result(document, lambda: print_records(desk.out, document["records"]))


async def check(desk: Desk, name: Name) -> None:
    """Look the records up, say what is wrong, and verify the domain when all required ones are there."""
    async with desk.open_workspace() as (house, workspace):
        domain, findings = await house.domains.check(workspace.id, name)
    document = {
        **domain_document(domain, [finding.record for finding in findings]),
        "findings": [_finding_document(finding) for finding in findings],
    }

    def human() -> None:
        for finding in findings:
            _print_finding(desk.out, finding)
        desk.out.say(f"{domain.name}: {'verified' if domain.usable else 'not verified yet'} ({domain.verification})")

    desk.out.result(document, human)
    if not all(finding.ok for finding in findings if finding.record.required):
        raise typer.Exit(Exit.FAILED)


async def remove(desk: Desk, name: Name) -> None:
    """Forget a domain and its keys. Mail in its name is refused from then on."""
    async with desk.open_workspace() as (house, workspace):
        await house.domains.remove(workspace.id, name)
    desk.out.result({"removed": name}, lambda: desk.out.say(f"{name} removed"))


def domain_document(domain: Domain, wanted: Sequence[DnsRecord]) -> dict[str, Any]:
    """A domain as JSON, with the records to publish."""
    return {
        "id": show(DOMAIN, domain.id),
        "name": domain.name,
        "verification": str(domain.verification),
        "usable": domain.usable,
        "return_path": domain.return_path,
        "tracking_host": domain.tracking_host,
        "tracking_url": domain.tracking_url,
        "checked_at": None if domain.checked_at is None else show_moment(domain.checked_at),
        "records": [_record_document(record) for record in wanted],
    }


def print_records(out: Output, documents: Sequence[dict[str, Any]]) -> None:
    """The records as lines of a zone file: nothing to retype."""
    out.note(
        "Publish these DNS records. They are lines of a zone file, where full names end in a dot; most forms want them without it:"
    )
    for record in documents:
        out.say(f"; {record['purpose']}, {'required' if record['required'] else 'recommended'}", style="dim")
        out.say(zone_line(record["name"], record["type"], record["value"]))


def _record_document(record: DnsRecord) -> dict[str, Any]:
    return {
        "purpose": record.purpose,
        "name": record.name,
        "type": record.type,
        "value": record.value,
        "required": record.required,
    }


def _finding_document(finding: DnsFinding) -> dict[str, Any]:
    return {
        **_record_document(finding.record),
        "ok": finding.ok,
        "found": list(finding.found),
        "advice": finding.advice,
    }


def _print_finding(out: Output, finding: DnsFinding) -> None:
    record = finding.record
    if finding.ok:
        out.say(f"ok     {record.purpose}: {record.type} {record.name}", style="green")
        return
    out.say(f"wrong  {record.purpose}: {record.type} {record.name}", style="red" if record.required else "yellow")
    out.say(f"       found: {', '.join(finding.found) or 'nothing'}")
    out.say(f"       {finding.advice}")

"""``posthouse conversions``."""

from typing import Annotated

import msgspec
import typer

from posthouse.cli.frame import Desk, command, group
from posthouse.cli.moments import ago
from posthouse.core.conversions.service import By
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.http.schemas import conversions as schemas

_TEST = Annotated[bool, typer.Option("--test", help="What test keys reported.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    conversions = group("conversions", "Orders credited to messages: what each template brought in.")
    app.add_typer(conversions)
    example = "posthouse conversions report A-1001 49.90 EUR --email ann@example.com"
    command(conversions, "report", example=example)(report)
    example = (
        "posthouse conversions correct A-1001 29.90 EUR\nposthouse conversions correct A-1002 0 EUR    # cancelled"
    )
    command(conversions, "correct", example=example)(correct)
    command(conversions, "list", example="posthouse conversions list --order A-1001")(list_some)
    command(conversions, "revenue", example="posthouse conversions revenue --since 30d --by link")(revenue)


async def report(
    desk: Desk,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The order's number.", show_default=False)],
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Such as 49.90.", show_default=False)],
    currency: Annotated[str, typer.Argument(metavar="CURRENCY", help="ISO 4217, such as EUR.", show_default=False)],
    *,
    click: Annotated[str | None, typer.Option("--click", help="What ph_cid said when the buyer came.")] = None,
    email: Annotated[str | None, typer.Option("--email", help="The buyer's address.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="When it was ordered (RFC 3339); default: now.")] = None,
    test: Annotated[bool, typer.Option("--test", help="As a test key reports it.")] = False,
) -> None:
    """Count an order and credit it to the last click before it."""
    said = _read({"order": order, "amount": amount, "currency": currency, "click": click, "email": email, "at": at})
    async with desk.open_workspace() as (house, workspace):
        found = await house.conversions.report(workspace.id, schemas.wanted(said), live=not test)
    shown = schemas.counted(found)
    credit = f"credited to {shown.credit.message}" if shown.credit else "credited to no message: nobody clicked before"
    again = " (it was counted already)" if shown.repeated else ""
    desk.out.result(shown, lambda: desk.out.say(f"{shown.order}: {shown.amount} {shown.currency}, {credit}{again}"))


async def correct(
    desk: Desk,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The order's number.", show_default=False)],
    amount: Annotated[
        str, typer.Argument(metavar="AMOUNT", help="What is left of it; 0: cancelled.", show_default=False)
    ],
    currency: Annotated[str, typer.Argument(metavar="CURRENCY", help="That of the order.", show_default=False)],
    *,
    test: _TEST = False,
) -> None:
    """Say what is left of an order after a refund, a change or a cancellation. To say it again subtracts nothing more."""
    said = _read({"order": order, "amount": amount, "currency": currency, "corrects": True})
    async with desk.open_workspace() as (house, workspace):
        found = await house.conversions.report(workspace.id, schemas.wanted(said), live=not test)
    shown = schemas.counted(found)
    left = "cancelled" if shown.cancelled else f"{shown.amount} {shown.currency} are left"
    was = f", {shown.ordered} {shown.currency} at first" if shown.ordered is not None else ""
    again = " (nothing changed)" if shown.repeated else ""
    desk.out.result(shown, lambda: desk.out.say(f"{shown.order}: {left}{was}{again}"))


async def list_some(
    desk: Desk,
    *,
    order: Annotated[str | None, typer.Option("--order", help="The order's number.")] = None,
    test: _TEST = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 50,
) -> None:
    """List orders, newest first."""
    async with desk.open_workspace() as (house, workspace):
        found = schemas.page(await house.conversions.page(workspace.id, live=not test, order=order, limit=limit))

    def human() -> None:
        rows = [
            (
                one.at,
                one.order,
                f"{one.amount} {one.currency}",
                "" if one.ordered is None else f"{'cancelled' if one.cancelled else 'changed'}, was {one.ordered}",
                one.source,
                one.credit.message if one.credit else "-",
            )
            for one in found.items
        ]
        desk.out.table(("at", "order", "amount", "", "by", "credited to"), rows, empty="no order was reported yet")

    desk.out.result(found, human)


async def revenue(
    desk: Desk,
    *,
    by: Annotated[str, typer.Option("--by", help="template, slot (places for promotions) or link.")] = "template",
    since: Annotated[str | None, typer.Option("--since", help="RFC 3339, or before now: 2h, 30d.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="RFC 3339, or before now: 2h, 30d.")] = None,
    test: _TEST = False,
) -> None:
    """Show what each template, or each of its slots or links, brought in."""
    if by not in list(By):
        raise ValidationError(f"--by {by}: write {', '.join(By)}")
    async with desk.open_workspace() as (house, workspace):
        found = schemas.revenue(
            await house.conversions.revenue(workspace.id, live=not test, by=By(by), since=ago(since), until=ago(until))
        )

    def human() -> None:
        rows = [
            (
                one.template or "(none)",
                *([one.slot or "-"] if by != By.TEMPLATE else []),
                *([one.url or "-"] if by == By.LINK else []),
                str(one.orders),
                f"{one.amount} {one.currency}",
                f"{one.by_browser}",
                str(one.cancelled),
                one.taken_back,
            )
            for one in found.items
        ]
        columns = (
            "template",
            *(["slot"] if by != By.TEMPLATE else []),
            *(["link"] if by == By.LINK else []),
            "orders",
            "revenue",
            "by browsers alone",
            "cancelled",
            "taken back",
        )
        desk.out.table(columns, rows, empty="no order was reported yet")

    desk.out.result(found, human)


def _read(given: dict[str, object]) -> schemas.ConversionReport:
    try:
        return msgspec.convert(given, schemas.ConversionReport)
    except msgspec.ValidationError as error:
        problem = FieldProblem("/", str(error), "bad-value")
        raise ValidationError(f"the conversion is wrong: {error}", fields=[problem]) from None

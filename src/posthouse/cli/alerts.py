"""``posthouse alerts``."""

from typing import Annotated, Any, Final

import msgspec
import typer

from posthouse.cli.frame import Desk, command, group
from posthouse.cli.moments import ahead
from posthouse.core.alerts.model import FROM_HISTORY, Kind, TargetKind
from posthouse.core.alerts.ports import AlertQuery
from posthouse.core.alerts.service import read_kind
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.ids import ALERT, read
from posthouse.core.kernel.moments import read_moment
from posthouse.http import languages
from posthouse.http.schemas import alerts as schemas

KindName = Annotated[str, typer.Argument(metavar="KIND", help=", ".join(Kind) + ".", show_default=False)]
TargetName = Annotated[str, typer.Argument(metavar="NAME", help="As `alerts rules` shows it.", show_default=False)]
Language = Annotated[str, typer.Option("--language", help=f"Of titles and texts: {', '.join(languages.LANGUAGES)}.")]
MuteKind = Annotated[str | None, typer.Option("--kind", help="Only of this kind; default: all.")]
MuteSubject = Annotated[str | None, typer.Option("--subject", help="Only about this template, provider, domain…")]
_BY: Final = "command line"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    alerts = group("alerts", "Alerts: when something is wrong with what is sent.")
    app.add_typer(alerts)
    command(alerts, "list", example="posthouse alerts list\nposthouse alerts list --open --language fr")(list_all)
    command(alerts, "acknowledge", example='posthouse alerts acknowledge alr_… --note "on it"')(acknowledge)
    command(alerts, "rules", example="posthouse alerts rules")(rules)
    command(alerts, "set", example="posthouse alerts set bounces --threshold 0.02\nposthouse alerts set surge --off")(
        set_rule
    )
    example = "posthouse alerts mute --subject newsletter --until 12h\nposthouse alerts mute --kind silence"
    command(alerts, "mute", example=example)(mute)
    command(alerts, "unmute", example="posthouse alerts unmute --subject newsletter")(unmute)
    example = """
    posthouse alerts tell ops --email ops@shop.example --language fr
    posthouse alerts tell chat --chat https://chat.example/hooks/… --kind silence --kind provider
    posthouse alerts tell pager --webhook https://pager.example/in
    """
    command(alerts, "tell", example=example)(tell)
    command(alerts, "untell", example="posthouse alerts untell ops")(untell)
    command(alerts, "test", example="posthouse alerts test ops")(test)
    example = "posthouse alerts dry-run --days 28\nposthouse alerts dry-run --rule surge=5 --rule latency=off"
    command(alerts, "dry-run", example=example)(dry_run)


async def list_all(
    desk: Desk,
    *,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that are open.")] = False,
    kind: Annotated[str | None, typer.Option("--kind", help="Only of this kind.")] = None,
    language: Language = "en",
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many.")] = 30,
) -> None:
    """List alerts, the newest first."""
    spoken = languages.chosen(language)
    async with desk.open_workspace() as (house, workspace):
        wanted = None if kind is None else read_kind(kind)
        found, _ = await house.alerts.list(AlertQuery(workspace.id, only_open or None, wanted, limit=limit))
        items = [schemas.alert(one, house.speaker, spoken) for one in found]
    desk.out.result(msgspec.to_builtins(items), lambda: _print(desk, items, "no alerts"))


async def acknowledge(
    desk: Desk,
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="alr_…", show_default=False)],
    note: Annotated[str, typer.Option("--note", help="For those who look later.")] = "",
) -> None:
    """Note that somebody looks after it. It stays open until all is well."""
    async with desk.open_workspace() as (house, workspace):
        found = await house.alerts.acknowledge(workspace.id, read(ALERT, alert), _BY, note)
        shown = schemas.alert(found, house.speaker, "en")
    desk.out.result(msgspec.to_builtins(shown), lambda: desk.out.say(f"{alert} acknowledged"))


async def rules(desk: Desk) -> None:
    """Show what is watched, what is muted, and who is told."""
    async with desk.open_workspace() as (house, workspace):
        shown = schemas.rules(await house.alerts.settings(workspace.id))
    _show_rules(desk, shown)


async def set_rule(
    desk: Desk,
    kind: KindName,
    *,
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="In the unit that `alerts rules` shows.")
    ] = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Whether it is watched at all.")] = None,
) -> None:
    """Change a rule."""
    async with desk.open_workspace() as (house, workspace):
        found = await house.alerts.set_rule(workspace.id, kind, threshold=threshold, enabled=on)
    _show_rules(desk, schemas.rules(found))


async def mute(
    desk: Desk,
    kind: MuteKind = None,
    subject: MuteSubject = None,
    until: Annotated[
        str | None, typer.Option("--until", help="12h, 3d or RFC 3339; default: until `alerts unmute`.")
    ] = None,
) -> None:
    """Tell nothing about some alerts for a while; without --kind and --subject about anything."""
    moment = ahead(until)
    async with desk.open_workspace() as (house, workspace):
        found = await house.alerts.mute(
            workspace.id, kind=kind, subject=subject, until=None if moment is None else read_moment(moment)
        )
    _show_rules(desk, schemas.rules(found))


async def unmute(desk: Desk, kind: MuteKind = None, subject: MuteSubject = None) -> None:
    """Take a mute back."""
    async with desk.open_workspace() as (house, workspace):
        found = await house.alerts.unmute(workspace.id, kind=kind, subject=subject)
    _show_rules(desk, schemas.rules(found))


async def tell(
    desk: Desk,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.", show_default=False)],
    email: Annotated[str | None, typer.Option("--email", help="An e-mail address.")] = None,
    webhook: Annotated[str | None, typer.Option("--webhook", help="A URL that takes signed requests.")] = None,
    chat: Annotated[
        str | None, typer.Option("--chat", help='A URL that takes {"text": …}: Slack, Mattermost, Teams…')
    ] = None,
    kinds: Annotated[list[str] | None, typer.Option("--kind", help="Only of this kind. Repeatable.")] = None,
    language: Language = "en",
) -> None:
    """Tell somebody about alerts from now on."""
    given = {TargetKind.EMAIL: email, TargetKind.WEBHOOK: webhook, TargetKind.CHAT: chat}
    ways = {way: address for way, address in given.items() if address is not None}
    if len(ways) != 1:
        problem = FieldProblem("/kind", "say one of --email, --webhook, --chat", "choose-one")
        raise ValidationError("How is it to be told?", fields=[problem])
    ((way, address),) = ways.items()
    async with desk.open_workspace() as (house, workspace):
        made = await house.alerts.add_target(
            workspace.id,
            name=name,
            kind=way.value,
            address=address,
            language=languages.chosen(language),
            kinds=kinds or (),
        )
    document = {**msgspec.to_builtins(schemas.target(made.target)), "secret": made.secret or None}

    def human() -> None:
        desk.out.say(f"{name} is told about alerts; try it: posthouse alerts test {name}")
        if made.secret:
            desk.out.say(f"secret, shown only here: {made.secret}")

    desk.out.result(document, human)


async def untell(desk: Desk, name: TargetName) -> None:
    """Tell somebody nothing any more."""
    async with desk.open_workspace() as (house, workspace):
        await house.alerts.remove_target(workspace.id, name)
    desk.out.result({"removed": name}, lambda: desk.out.say(f"{name} removed"))


async def test(desk: Desk, name: TargetName) -> None:
    """Tell a made-up alert now. Exit code 1 when it was not taken."""
    async with desk.open_workspace() as (house, workspace):
        error = await house.alerts.test_target(workspace.id, name)
    document = {"taken": not error, "error": error or None}
    desk.out.result(document, lambda: desk.out.say(f"not taken: {error}" if error else "taken"))
    if error:
        raise typer.Exit(1)


async def dry_run(
    desk: Desk,
    *,
    days: Annotated[int, typer.Option("--days", min=1, max=56, help="How many days.")] = 7,
    changes: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="KIND=THRESHOLD", help="Try another threshold, or KIND=off. Repeatable."),
    ] = None,
    language: Language = "en",
) -> None:
    """Show what alerts would have said, by the same code over what was."""
    spoken = languages.chosen(language)
    wanted = dict([_change(word) for word in changes or ()])
    async with desk.open_workspace() as (house, workspace):
        found = await house.alerts.dry_run(workspace.id, days, wanted)
        shown = schemas.dry_run(found, house.speaker, spoken)

    def human() -> None:
        _print(desk, shown.items, "nothing would have been said")
        desk.out.note(f"{shown.since} to {shown.until}; {', '.join(FROM_HISTORY)}: of other kinds there is no history")

    desk.out.result(msgspec.to_builtins(shown), human)


def _change(word: str) -> tuple[str, float | None]:
    kind, _, value = word.partition("=")
    if value == "off":
        return kind, None
    try:
        return kind, float(value)
    except ValueError:
        problem = FieldProblem("/rule", f"{word!r}: write it like surge=5 or latency=off", "form")
        raise ValidationError("The rule cannot be read.", fields=[problem]) from None


def _print(desk: Desk, items: list[schemas.AlertAnswer], empty: str) -> None:
    rows = [(one.opened_at[:16], (one.recovered_at or "open")[:16], one.title, one.text, one.id) for one in items]
    desk.out.table(("since", "until", "what", "", ""), rows, empty=empty)


def _show_rules(desk: Desk, shown: schemas.RulesAnswer) -> None:
    def human() -> None:
        rows: list[tuple[Any, ...]] = [
            (one.kind, "on" if one.enabled else "off", f"{one.threshold:g} {one.unit}", one.says) for one in shown.rules
        ]
        desk.out.table(("kind", "", "threshold", ""), rows, empty="")
        for muted in shown.mutes:
            what = " ".join(word for word in (muted.kind, muted.subject) if word) or "everything"
            desk.out.say(f"muted: {what}, until {muted.until or '`posthouse alerts unmute`'}")
        for target in shown.targets:
            desk.out.say(f"told: {target.name} ({target.kind} {target.address}, {', '.join(target.kinds) or 'all'})")
        if not shown.targets:
            desk.out.say("nobody is told yet: posthouse alerts tell ops --email …")

    desk.out.result(msgspec.to_builtins(shown), human)

"""``posthouse contacts``."""

from typing import Annotated, Any

import msgspec
import typer

from posthouse.cli.erase import erase
from posthouse.cli.frame import Desk, command, group
from posthouse.core.contacts.model import Contact, ContactQuery
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.http.schemas import contacts as schemas

Which = Annotated[str, typer.Argument(metavar="ID|KEY", help="con_…, or the key.", show_default=False)]
Name = Annotated[str | None, typer.Option("--name", help="Display name.")]
Email = Annotated[str | None, typer.Option("--email", help="E-mail address.")]
Phone = Annotated[str | None, typer.Option("--phone", help="Such as +33612345678.")]
Locale = Annotated[str | None, typer.Option("--locale", help="Such as fr-CA.")]
Zone = Annotated[str | None, typer.Option("--time-zone", help="IANA name, such as Europe/Paris.")]
Given = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="An attribute; repeat for several. JSON or a text."),
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    room = group("contacts", "Contacts: people, their addresses, language and attributes.")
    app.add_typer(room)
    command(room, "list", example="posthouse contacts list --email ann@customer.example")(list_some)
    command(room, "show", example="posthouse contacts show customer-4711")(show)
    example = "posthouse contacts add --key customer-4711 --email ann@customer.example --locale fr --set first_name=Ann"
    command(room, "add", example=example)(add)
    command(room, "change", example="posthouse contacts change customer-4711 --locale es --set points=150")(change)
    command(room, "remove", example="posthouse contacts remove customer-4711")(remove)
    example = (
        "posthouse contacts erase ann@customer.example --dry-run\nposthouse contacts erase ann@customer.example --yes"
    )
    command(room, "erase", example=example)(erase)


async def list_some(
    desk: Desk,
    *,
    email: Annotated[str | None, typer.Option("--email", help="With this address.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 50,
) -> None:
    """List contacts, newest first."""
    async with desk.open_workspace() as (house, workspace):
        page = await house.contacts.search(ContactQuery(workspace.id, email, limit=limit))
    items = [schemas.contact(one) for one in page.items]

    def human() -> None:
        rows = [(one.id, one.key or "", one.name, one.email or one.phone or "", one.locale or "") for one in items]
        empty = "no contacts yet; add one: posthouse contacts add --email ADDRESS"
        desk.out.table(("id", "key", "name", "address", "locale"), rows, empty=empty if email is None else "none")

    desk.out.result({"items": items, "next": page.next}, human)


async def show(desk: Desk, which: Which) -> None:
    """Show one contact."""
    async with desk.open_workspace() as (house, workspace):
        _tell(desk, await house.contacts.get(workspace.id, which))


async def add(
    desk: Desk,
    *,
    key: Annotated[str | None, typer.Option("--key", help="What your application calls this person.")] = None,
    name: Name = None,
    email: Email = None,
    phone: Phone = None,
    locale: Locale = None,
    time_zone: Zone = None,
    given: Given = None,
) -> None:
    """Add a contact."""
    fields = _fields(name, email, phone, locale, time_zone, given) | ({"key": key} if key else {})
    async with desk.open_workspace() as (house, workspace):
        _tell(desk, await house.contacts.add(workspace.id, fields))


async def change(
    desk: Desk,
    which: Which,
    *,
    name: Name = None,
    email: Email = None,
    phone: Phone = None,
    locale: Locale = None,
    time_zone: Zone = None,
    given: Given = None,
) -> None:
    """Change what is given; an empty value, or --set NAME=null, takes away."""
    fields = _fields(name, email, phone, locale, time_zone, given)
    if not fields:
        raise ValidationError("say what is to change: --name, --email, --phone, --locale, --time-zone or --set")
    async with desk.open_workspace() as (house, workspace):
        _tell(desk, await house.contacts.change(workspace.id, which, fields))


async def remove(desk: Desk, which: Which) -> None:
    """Forget a contact; what was sent stays."""
    async with desk.open_workspace() as (house, workspace):
        await house.contacts.remove(workspace.id, which)
    desk.out.result({"removed": which}, lambda: desk.out.say(f"{which} is removed"))


def _tell(desk: Desk, contact: Contact) -> None:
    shown = schemas.contact(contact)

    def human() -> None:
        fields = msgspec.structs.asdict(shown)
        attributes = fields.pop("attributes")
        rows = [(name.replace("_", " "), str(value)) for name, value in fields.items() if value not in (None, "")]
        rows += [(f"contact.{name}", msgspec.json.encode(value).decode()) for name, value in attributes.items()]
        desk.out.table(("field", "value"), rows, empty="")

    desk.out.result(shown, human)


def _fields(
    name: str | None,
    email: str | None,
    phone: str | None,
    locale: str | None,
    time_zone: str | None,
    given: list[str] | None,
) -> dict[str, Any]:
    said = {"name": name, "email": email, "phone": phone, "locale": locale, "time_zone": time_zone}
    fields: dict[str, Any] = {field: value or None for field, value in said.items() if value is not None}
    if given:
        fields["attributes"] = dict(_attribute(one) for one in given)
    return fields


def _attribute(word: str) -> tuple[str, Any]:
    name, equals, value = word.partition("=")
    if not equals:
        problem = FieldProblem("/attributes", "write NAME=VALUE", "form")
        raise ValidationError(f"--set {word}: write NAME=VALUE", fields=[problem])
    try:
        return name, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return name, value

"""Counts orders and credits them: last click within the workspace's window, one order once."""

import enum
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from posthouse.core.conversions.model import MOST_BY_BROWSERS, Basis, Conversion, Source, Sum, Wanted
from posthouse.core.conversions.ports import ConversionStore
from posthouse.core.kernel import ids
from posthouse.core.kernel.amounts import read_amount, show_amount
from posthouse.core.kernel.clock import DAY, MINUTE, Clock
from posthouse.core.kernel.errors import ConflictError, FieldProblem, NotFoundError, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.kernel.paging import MAX_PAGE, Page
from posthouse.core.messages.model import Channel, Event, EventType, NewMessage
from posthouse.core.messages.submission import Confirmed, Order
from posthouse.core.templates.model import Link, Release
from posthouse.core.templates.ports import TemplateStore
from posthouse.core.tracking.model import Tracked, Verdict
from posthouse.core.tracking.ports import Releases, TrackingStore
from posthouse.core.tracking.service import Settings
from posthouse.core.tracking.tokens import Kind, Token, Tokens

AHEAD: Final = 10 * MINUTE
"""How far an order may lie in the future: clocks differ."""
OLDEST: Final = 3_650 * DAY
"""How long ago an order may have been."""
NO_CLICK: Final = "this is not what Posthouse puts into ph_cid; send it as it came, or leave it out"


class OrderCountedError(ConflictError):
    """The order is counted already, with another amount."""

    slug = "order-counted"


class UnknownOrderError(NotFoundError):
    """The order was never counted."""

    slug = "unknown-order"


class Counted(NamedTuple):
    """What became of a report."""

    conversion: Conversion
    repeated: bool
    """The order had been counted before; nothing was added."""


class By(enum.StrEnum):
    """What a row of revenue is."""

    TEMPLATE = "template"
    SLOT = "slot"
    """A place for a promotion of each template; and all its other links together."""
    LINK = "link"


class Revenue(msgspec.Struct, frozen=True):
    """What one template, or one slot or link of it, brought in."""

    template: str | None
    """Key; None: nothing was clicked before."""
    slot: str | None
    """Of the link; None: it is in none, or all are together."""
    url: str | None
    """Of the link; None when all of them are together."""
    currency: str
    orders: int
    amount: int
    by_browser: int
    """Of the amount, what only a browser reported."""
    cancelled: int = 0
    """Orders of which nothing is left; they are not among ``orders``."""
    taken_back: int = 0
    """By how much orders were lowered after they were counted."""


class ConversionService:
    """Counts and credits.

    Args:
        store: keeps conversions.
        tracking: messages and clicks.
        tokens: reads what clicks carry.
        settings: the window of each workspace.
        releases: where links led.
        templates: names them.
        normal: the normal form of an address, ValueError when it is none.
        new_id: gives identifiers.
        clock: the time.
    """

    def __init__(
        self,
        store: ConversionStore,
        tracking: TrackingStore,
        tokens: Tokens,
        *,
        settings: Settings,
        releases: Releases,
        templates: TemplateStore,
        normal: Callable[[str], str],
        new_id: IdSource,
        clock: Clock,
    ) -> None:
        self._store = store
        self._tracking = tracking
        self._tokens = tokens
        self._settings = settings
        self._releases = releases
        self._templates = templates
        self._normal = normal
        self._new_id = new_id
        self._clock = clock

    async def report(self, workspace_id: Id, wanted: Wanted, *, live: bool) -> Counted:
        """What a business application reports.

        Raises:
            ValidationError: the click is none of ours, the address is none, or the time is out of bounds.
            OrderCountedError: the order is counted with another amount.
            UnknownOrderError: it corrects an order that was never counted.
            UnavailableError: the store could not write.
        """
        if wanted.corrects:
            return await self._correct(workspace_id, wanted, live=live)
        now = self._clock.now()
        if wanted.at is not None and not now - OLDEST <= wanted.at <= now + AHEAD:
            advice = f"write when it was ordered, within the last {OLDEST // DAY} days and not in the future, or leave it out"
            problem = FieldProblem("/at", advice, "range")
            raise ValidationError("The conversion is wrong.", fields=[problem])
        if wanted.address is not None:
            wanted = msgspec.structs.replace(wanted, address=self._address(wanted.address))
        token = self._token(wanted.click)
        message = (await self._tracking.tracked([token.message_id])).get(token.message_id) if token else None
        if message is not None and (message.workspace_id != workspace_id or message.live != live):
            problem = FieldProblem("/click", NO_CLICK, "unknown-click")
            raise ValidationError("The conversion is wrong.", fields=[problem])
        return await self._count(workspace_id, wanted, token, message, live=live, source=Source.API)

    async def confirmed(self, message: NewMessage, order: Order) -> Confirmed:
        """Counts the order that a message about to be kept confirms, credited to the last click in an earlier message to its recipient.

        A message is not refused because of an order: one that is counted with another amount stays as it was counted.

        Raises:
            UnavailableError: the store could not write.
        """
        wanted = Wanted(order.order, read_amount(order.amount), order.currency, address=message.recipient)
        try:
            counted = await self._count(message.workspace_id, wanted, None, None, live=message.live, source=Source.API)
        except OrderCountedError:
            return Confirmed.OTHER_AMOUNT
        return Confirmed.REPEATED if counted.repeated else Confirmed.COUNTED

    async def reported_by_browser(self, token: Token, wanted: Wanted) -> None:
        """What a script in a browser reports: believed as far as it names a click, and not without end."""
        message = (await self._tracking.tracked([token.message_id])).get(token.message_id)
        if message is None or await self._store.conversions_of(token.message_id) >= MOST_BY_BROWSERS:
            return
        try:
            await self._count(message.workspace_id, wanted, token, message, live=message.live, source=Source.BROWSER)
        except ConflictError:
            return  # the first word stands, and no more than so many; whoever sits at the browser is not told

    def click_of(self, word: str) -> Token | None:
        """The click that ``ph_cid`` names; None when it is none of ours."""
        token = self._tokens.read(word)
        return token if token is not None and token.kind is Kind.CONVERSION else None

    async def page(
        self, workspace_id: Id, *, live: bool, order: str | None = None, before: Id | None = None, limit: int = 50
    ) -> Page[Conversion]:
        """The newest first."""
        wanted = max(1, min(limit, MAX_PAGE))
        found = await self._store.conversions(workspace_id, live, order=order, before=before, limit=wanted + 1)
        shown = found[:wanted]
        return Page(shown, ids.show(ids.CONVERSION, shown[-1].id) if len(found) > wanted else None)

    async def revenue(
        self, workspace_id: Id, *, live: bool, by: By, since: int | None = None, until: int | None = None
    ) -> list[Revenue]:
        """What each template brought in, or each of its slots or links; the most first."""
        sums = await self._store.revenue(workspace_id, live, since, until)
        names = {one.id: one.key for one in await self._templates.templates(workspace_id)}
        found: dict[tuple[str | None, str | None, str | None, str], list[Sum]] = {}
        for one in sums:
            name = names.get(one.template_id) if one.template_id else None
            link = None if by is By.TEMPLATE else await self._link(one)
            slot = link.slot if link is not None else None
            url = (link.fallback if link.dynamic else link.url) if link is not None and by is By.LINK else None
            found.setdefault((name, slot, url, one.currency), []).append(one)
        rows = [_together(*key, several) for key, several in found.items()]
        return sorted(
            rows, key=lambda row: (-row.amount, row.template or "", row.slot or "", row.url or "", row.currency)
        )

    def _address(self, address: str) -> str:
        try:
            return self._normal(address)
        except ValueError as error:
            raise ValidationError(
                "The conversion is wrong.", fields=[FieldProblem("/email", str(error), "bad-address")]
            ) from None

    def _token(self, click: str | None) -> Token | None:
        if click is None:
            return None
        token = self.click_of(click)
        if token is None:
            raise ValidationError(
                "The conversion is wrong.", fields=[FieldProblem("/click", NO_CLICK, "unknown-click")]
            )
        return token

    async def _count(
        self,
        workspace_id: Id,
        wanted: Wanted,
        token: Token | None,
        message: Tracked | None,
        *,
        live: bool,
        source: Source,
    ) -> Counted:
        at = wanted.at if wanted.at is not None else self._clock.now()
        window = (await self._settings.of(workspace_id)).attribution_days * DAY
        credit = await self._credit(workspace_id, wanted, token, message, at=at, window=window, live=live)
        if source is Source.BROWSER and credit.message is None:
            raise ConflictError("a browser is believed as far as it names a click within the window")
        to = credit.message
        new = Conversion(
            id=self._new_id(),
            workspace_id=workspace_id,
            live=live,
            order=wanted.order,
            at=at,
            amount=wanted.amount,
            currency=wanted.currency,
            source=source,
            basis=credit.basis,
            message_id=to.id if to else None,
            template_id=to.template_id if to else None,
            release_id=to.release_id if to else None,
            link=credit.link,
            clicked_at=credit.at,
        )
        kept = await self._store.add_conversion(new, _event(new), to)
        if kept.currency != new.currency or new.amount not in {kept.amount, kept.ordered}:
            raise OrderCountedError(
                f"order {wanted.order} is counted already, with {show_amount(kept.amount)} {kept.currency}; one order counts once"
            )
        return Counted(kept, repeated=kept.id != new.id)

    async def _correct(self, workspace_id: Id, wanted: Wanted, *, live: bool) -> Counted:
        """What is left of an order takes the place of what it was; the credit stays. The same again changes nothing."""
        if wanted.click is not None or wanted.address is not None or wanted.at is not None:
            advice = "a correction changes the amount only: leave out click, email and at"
            raise ValidationError("The correction is wrong.", fields=[FieldProblem("/corrects", advice, "form")])
        while True:
            before = await self._store.conversion_of_order(workspace_id, live, wanted.order)
            if before is None:
                raise UnknownOrderError(f"order {wanted.order} was never counted; report it first, without `corrects`")
            if before.currency != wanted.currency:
                advice = f"the order was counted in {before.currency}; say in that what is left of it"
                raise ValidationError(
                    "The correction is wrong.", fields=[FieldProblem("/currency", advice, "currency")]
                )
            if before.amount == wanted.amount:
                return Counted(before, repeated=True)
            after = msgspec.structs.replace(
                before,
                amount=wanted.amount,
                source=Source.API,
                ordered=before.amount if before.ordered is None else before.ordered,
                corrected_at=self._clock.now(),
            )
            message = None
            if before.message_id is not None:
                message = (await self._tracking.tracked([before.message_id])).get(before.message_id)
            if await self._store.correct_conversion(before, after, _correction(before, after), message):
                return Counted(after, repeated=False)

    async def _credit(
        self,
        workspace_id: Id,
        wanted: Wanted,
        token: Token | None,
        message: Tracked | None,
        *,
        at: int,
        window: int,
        live: bool,
    ) -> "_Credit":
        """The last click before the order: the one that is named, or a later one in a message to the same address."""
        since = at - window
        found: list[_Credit] = []
        if token is not None and message is not None:
            clicks = await self._clicks([message.id], since, at)
            named = [click for click in clicks if click.data.get("link") == token.number]
            if named:
                found.append(_Credit(Basis.CLICK, message, token.number, named[-1].at))
            elif since <= max(message.created_at, message.due_at) <= at:
                found.append(_Credit(Basis.TOKEN, message, token.number, None))
        if wanted.address:
            found += await self._by_address(workspace_id, wanted.address, since, at, live=live)
        return max(found, key=lambda credit: credit.at or 0, default=_Credit(Basis.NONE, None, None, None))

    async def _by_address(self, workspace_id: Id, address: str, since: int, at: int, *, live: bool) -> "list[_Credit]":
        candidates = await self._store.clicked_by(workspace_id, Channel.EMAIL, address, since, live)
        clicks = [
            click
            for click in await self._clicks(candidates, since, at)
            if click.data.get("verdict") != Verdict.MACHINE.word and not click.data.get("trap")
        ]
        if not clicks:
            return []
        last = max(clicks, key=lambda click: (click.at, click.key))
        message = (await self._tracking.tracked([last.message_id])).get(last.message_id)
        return [_Credit(Basis.ADDRESS, message, last.data.get("link"), last.at)] if message is not None else []

    async def _clicks(self, message_ids: Sequence[Id], since: int, until: int) -> list[Event]:
        hits = await self._tracking.hits_of(message_ids) if message_ids else []
        return sorted(
            [hit for hit in hits if hit.type is EventType.CLICKED and since <= hit.at <= until], key=lambda hit: hit.at
        )

    async def _link(self, one: Sum) -> Link | None:
        release: Release | None = await self._releases.by_id(one.release_id) if one.release_id else None
        if release is None or one.link is None or one.link >= len(release.links):
            return None
        return release.links[one.link]


class _Credit(NamedTuple):
    """To what a conversion is credited."""

    basis: Basis
    message: Tracked | None
    link: int | None
    at: int | None


def _event(new: Conversion) -> Event | None:
    """What the stream and the timeline of the message say."""
    if new.message_id is None:
        return None
    data = {
        "order": new.order,
        "amount": show_amount(new.amount),
        "currency": new.currency,
        "source": new.source.value,
        "basis": new.basis.value,
        "link": new.link,
        "clicked_at": new.clicked_at,
    }
    told = {name: value for name, value in data.items() if value is not None}
    return Event(new.message_id, new.workspace_id, EventType.CONVERTED, new.at, new.order, told)


def _correction(before: Conversion, after: Conversion) -> Event | None:
    """What the stream and the timeline say of it: not counted once more, and nothing is taken out of what was counted."""
    told = _event(after)
    if told is None or after.corrected_at is None:
        return None
    data = {**told.data, "before": show_amount(before.amount), "corrects": True}
    return msgspec.structs.replace(told, at=after.corrected_at, key=f"{after.order}.{after.corrected_at:x}", data=data)


def _together(
    template: str | None, slot: str | None, url: str | None, currency: str, several: Iterable[Sum]
) -> Revenue:
    sums = list(several)
    browser = sum(one.amount for one in sums if one.source is Source.BROWSER)
    return Revenue(
        template, slot, url, currency, sum(one.orders for one in sums), sum(one.amount for one in sums), browser,
        sum(one.cancelled for one in sums), sum(one.taken_back for one in sums),
    )  # fmt: skip

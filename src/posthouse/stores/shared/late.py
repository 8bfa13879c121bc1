"""What comes back for a message after it was erased: it is counted, and brings nothing of a person back."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, literal, select

from posthouse.core.keeping.ports import Step
from posthouse.core.keeping.scrubbing import KEPT_FACTS, named_by_key
from posthouse.core.messages.model import Event
from posthouse.core.tracking.model import Tracked
from posthouse.stores.shared.column_types import Id
from posthouse.stores.shared.documents import insert_unless_there
from posthouse.stores.shared.keeping_schema import retention_later, retention_marks

NONE = bytes(16)


def without_person(event: Event) -> Event:
    """A fact as erasing would have left it. A key that names somebody makes room for the instant: these facts come once each."""
    key = f"late.{event.at:x}" if named_by_key(int(event.type), event.key) else event.key
    kept = {name: fact for name, fact in event.data.items() if name in KEPT_FACTS}
    return msgspec.structs.replace(event, key=key, data=kept)


def give_an_end(connection: Connection, erased: Iterable[Tracked]) -> None:
    """Lets the next sweep erase the facts of messages whose days of events are over: their mark will not come by again."""
    c = retention_marks.c
    for one in erased:
        mine = (c.workspace_id == one.workspace_id) & (c.template_id == (one.template_id or NONE))
        passed = select(c.workspace_id, literal(one.id, Id), c.step).where(
            mine, c.step == int(Step.EVENTS), c.position >= one.id
        )
        names = ["workspace_id", "message_id", "step"]
        connection.execute(insert_unless_there(connection, retention_later).from_select(names, passed))

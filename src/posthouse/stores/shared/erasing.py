"""Removing a person: the queries of both stores, each in the caller's transaction."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Table, delete, exists, insert, literal, select, tuple_, update

from posthouse.core.contacts.model import Contact
from posthouse.core.keeping.erasure import Erasure, Phase
from posthouse.core.keeping.person import Naming, Person, struck, text_of
from posthouse.core.keeping.ports import Bite, Hit, Mark, Scanned, Step
from posthouse.core.keeping.scrubbing import Aged, Left, Less
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Extras
from posthouse.core.messages.pseudonyms import PREFIX
from posthouse.core.suppressions.model import Suppression
from posthouse.stores.shared import keeping, schema
from posthouse.stores.shared.column_types import Folded
from posthouse.stores.shared.conversion_schema import conversions
from posthouse.stores.shared.documents import SUPPRESSION_GENERATION, from_document, raise_number, to_document
from posthouse.stores.shared.erasure_tables import AT_ONCE, GONE, TABLES, scope_of, words_of
from posthouse.stores.shared.keeping_schema import erasures
from posthouse.stores.shared.schema import blobs, messages, queue, sandbox
from posthouse.stores.shared.suppression_schema import soft_bounces, suppression_log, suppressions

_E: Final = erasures.c
_M: Final = messages.c
_decode_extras: Final = msgspec.json.Decoder(Extras).decode


def add(connection: Connection, erasure: Erasure) -> None:
    """Keeps a new one."""
    row = {"id": erasure.id, "workspace_id": erasure.workspace_id, "state": "open"}
    connection.execute(insert(erasures).values(**row, document=to_document(erasure)))


def one(connection: Connection, workspace_id: Id, erasure_id: Id) -> Erasure | None:
    """One of a workspace."""
    mine = (_E.id == erasure_id) & (_E.workspace_id == workspace_id)
    document = connection.execute(select(_E.document).where(mine)).scalar()
    return None if document is None else from_document(document, Erasure)


def newest(connection: Connection, workspace_id: Id) -> list[Erasure]:
    """The newest fifty of a workspace."""
    statement = select(_E.document).where(_E.workspace_id == workspace_id).order_by(_E.id.desc()).limit(50)
    return [from_document(document, Erasure) for document in connection.execute(statement).scalars()]


def unfinished(connection: Connection) -> list[Erasure]:
    """Those of all workspaces that are not done."""
    statement = select(_E.document).where(_E.state == "open").order_by(_E.id)
    return [from_document(document, Erasure) for document in connection.execute(statement).scalars()]


def hold(connection: Connection, erasure_id: Id, token: int, now: int, until: int) -> Erasure | None:
    """Takes or keeps the right to go on with one, unless another has it or it is done."""
    found = _locked(connection, erasure_id)
    if found is None or found.phase is Phase.DONE or (found.token != token and found.held_until > now):
        return None
    found.token, found.held_until = token, until
    connection.execute(update(erasures).where(_E.id == erasure_id).values(document=to_document(found)))
    return found


def keep(connection: Connection, erasure: Erasure) -> Erasure | None:
    """Keeps how far it came; None: somebody else holds it by now."""
    found = _locked(connection, erasure.id)
    if found is None or (found.token != erasure.token and found.phase is not Phase.DONE and erasure.token):
        return None
    state = "done" if erasure.phase is Phase.DONE else "open"
    connection.execute(update(erasures).where(_E.id == erasure.id).values(state=state, document=to_document(erasure)))
    return erasure


def persons_messages(connection: Connection, workspace_id: Id, recipients: Sequence[str], limit: int) -> list[Aged]:
    """Messages to some addresses."""
    pending = exists().where(queue.c.message_id == _M.id)
    statement = select(_M.id, _M.channel, _M.recipient, _M.extras, pending)
    found: list[Aged] = []
    for recipient in recipients:
        mine = (_M.workspace_id == workspace_id) & (Folded(_M.recipient) == Folded(recipient))
        rows = connection.execute(statement.where(mine).order_by(_M.id).limit(limit - len(found)))
        found += [Aged(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]
    return found


def ended_of(connection: Connection, message_ids: Sequence[Id]) -> set[Id]:
    """Those that wait no more."""
    waiting = select(queue.c.message_id).where(queue.c.message_id.in_(message_ids))
    return set(message_ids) - set(connection.execute(waiting).scalars())


def empty_messages(
    connection: Connection,
    erasure: Erasure,
    left: Sequence[Left],
    facts: Sequence[Less],
    found_by: Sequence[tuple[int, Id]],
) -> Erasure | None:
    """Empties messages to the person, and what hangs on them."""
    ids = [message.id for message in left]
    mails = connection.execute(delete(sandbox).where(sandbox.c.message_id.in_(ids))).rowcount
    keeping.erase_content(connection, Bite(Mark(None, Step.CONTENT), b"", b"", left, facts, found_by))
    connection.execute(update(messages).where(_M.id.in_(ids)).values(correlation=None))
    c = conversions.c
    orders = connection.execute(select(c.id).where(c.message_id.in_(ids))).scalars().all()
    for order in orders:
        connection.execute(update(conversions).where(c.id == order).values(order=_no_order(order)))
    done = {"messages": len(left), "events": len(facts), "message_words": len(set(found_by)), "sandbox": mails}
    return _counted(connection, erasure, {**done, "conversions": len(orders)})


def hash_suppressions(
    connection: Connection, erasure: Erasure, places: Sequence[tuple[Channel, str, str]]
) -> Erasure | None:
    """Lets the entries of the person go on under a keyed hash; what was to be counted towards one is forgotten."""
    generation = raise_number(connection, SUPPRESSION_GENERATION)
    done = {"suppressions": 0, "suppression_log": 0, "soft_bounces": 0}
    for channel, address, hashed in places:
        folded = address.casefold()
        for table in (suppressions, suppression_log):
            c = table.c
            mine = (c.workspace_id == erasure.workspace_id) & (c.channel == int(channel)) & (c.address == folded)
            for row_id, document in connection.execute(select(c.id, c.document).where(mine)).all():
                values: dict[str, Any] = {"address": hashed, "document": _hashed(document, hashed)}
                if table is suppressions:
                    values["generation"] = generation
                    _make_room(connection, from_document(document, Suppression), hashed)
                done[table.name] += connection.execute(update(table).where(c.id == row_id).values(**values)).rowcount
        s = soft_bounces.c
        mine = (s.workspace_id == erasure.workspace_id) & (s.channel == int(channel)) & (s.address == folded)
        done["soft_bounces"] += connection.execute(delete(soft_bounces).where(mine)).rowcount
    return _counted(connection, erasure, done)


def scan(connection: Connection, workspace_id: Id, number: int, after: str, pattern: Naming, limit: int) -> Scanned:
    """Looks through some rows of a table for a person."""
    table = _table(connection, TABLES[number])
    key, columns = list(table.primary_key), words_of(table)
    statement = select(*key, *columns).where(*scope_of(table, workspace_id))
    if after:
        place = [literal(value, column.type) for value, column in zip(_read_key(after), key, strict=True)]
        statement = statement.where(tuple_(*key) > tuple_(*place))
    limit = min(limit, AT_ONCE.get(table.name, limit))
    rows = connection.execute(statement.order_by(*key).limit(limit)).all()
    hers = _keys_of_emptied(connection, table, [tuple(row[: len(key)]) for row in rows])
    hits = [
        Hit(tuple(row[: len(key)]), dict(zip([column.name for column in columns], row[len(key) :], strict=True)))
        for row in rows
        if tuple(row[: len(key)]) in hers or any(value and pattern.names(text_of(value)) for value in row[len(key) :])
    ]
    files: set[bytes] = set()
    if table.name == "messages":
        extras = [column.name for column in columns].index("extras") + len(key)
        files = {digest for row in rows for digest in _files(row[extras])}
    last = _write_key(rows[-1][: len(key)]) if len(rows) == limit else None
    return Scanned(hits, last, files)


def strike(
    connection: Connection, erasure: Erasure, name: str, hits: Sequence[Hit], pattern: Naming, person: Person
) -> Erasure | None:
    """Removes rows that name the person, or the person from rows that are about something else."""
    table, done = _table(connection, name), len(hits)
    before = erasure.counts.get(name, 0)
    for number, hit in enumerate(hits, before):
        mine = [column == value for column, value in zip(table.primary_key, hit.key, strict=True)]
        if name == "contacts":  # somebody may have changed it since it was looked at
            document = connection.execute(select(table.c.document).where(*mine).with_for_update()).scalar()
            if document is None:
                continue
            changes = _contact(from_document(document, Contact), pattern, person)
        else:
            changes = None if name in GONE else _changes(name, hit, pattern, person)
        if changes and name == "events" and pattern.names(hit.values["key"]):
            changes["key"] = _nobody(erasure, number)
        if changes is None:
            connection.execute(delete(table).where(*mine))
        else:
            connection.execute(update(table).where(*mine).values(**changes))
            done -= changes.keys() == {"recipient"}  # counted when it is emptied
    return _counted(connection, erasure, {name: done})


def forget_files(connection: Connection, erasure: Erasure) -> Erasure | None:
    """Removes files that the person's messages carried, and nobody else's, nor a template."""
    mine = set(erasure.digests) - keeping.named_by_templates(connection, erasure.workspace_id)
    gone = 0
    if mine:
        c = blobs.c
        some = (c.workspace_id == erasure.workspace_id) & c.digest.in_(mine)
        gone = connection.execute(delete(blobs).where(some)).rowcount
    return _counted(connection, erasure, {"blobs": gone})


def _changes(name: str, hit: Hit, pattern: Naming, person: Person) -> dict[str, Any] | None:
    """What a row becomes; None: it goes."""
    values = dict(hit.values)
    if name == "conversions" and pattern.names(values["order"]):
        values["order"] = _no_order(hit.key[0])
    if name == "messages":
        if pattern.fullmatch(values["recipient"]):  # written in another case: found by its address in the next round
            return {"recipient": person.phone if values["recipient"] == person.phone else person.email}
        if values["extras"]:
            values["extras"] = _without_copies(values["extras"], pattern)
    return {column: struck(value, pattern) for column, value in values.items()}


def _contact(contact: Contact, pattern: Naming, person: Person) -> dict[str, Any] | None:
    """A contact that says something of the person; None: it is the person's. A key that names the person goes: there is one of each.

    It counts as changed: whoever changes it at the same moment, from what it said before, begins again.
    """
    if pattern.fullmatch(contact.email or "") or (person.phone and contact.phone == person.phone):
        return None
    if contact.key is not None and pattern.names(contact.key):
        contact = msgspec.structs.replace(contact, key=None)
    if contact.key is None and contact.email is None and contact.phone is None:
        return None
    contact = msgspec.structs.replace(contact, updated_at=contact.updated_at + 1)
    return {"key": contact.key, "email": contact.email, "document": struck(to_document(contact), pattern)}


def _nobody(erasure: Erasure, number: int) -> str:
    """Stands in the place of an address in the key of a fact, in the form of a pseudonym.

    Another one for each fact and for each removal: copies to two persons may have been refused for one message.
    """
    return f"{PREFIX}{(int.from_bytes(erasure.id, 'big') + number) % (1 << 128):032x}"


def _no_order(conversion_id: Id) -> str:
    """Stands in the place of an order that names the person: there is one of each."""
    return f"{PREFIX}{conversion_id.hex()}"


def _without_copies(raw: bytes, pattern: Naming) -> bytes:
    """The rarely used part of a message whose copies do not go to the person."""
    extras = _decode_extras(raw)

    def others(some: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(copy for copy in some if not pattern.fullmatch(copy.email))

    answers = extras.reply_to if extras.reply_to and not pattern.fullmatch(extras.reply_to.email) else None
    less = msgspec.structs.replace(extras, cc=others(extras.cc), bcc=others(extras.bcc), reply_to=answers)
    return msgspec.json.encode(less)


def _keys_of_emptied(connection: Connection, table: Table, keys: Sequence[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Of idempotency keys those of messages that were emptied: a key is often made of the address and of other words."""
    if table.name != "idempotency" or not keys:
        return set()
    key = list(table.primary_key)
    statement = select(*key, _M.extras).join(messages, _M.id == table.c.message_id).where(_M.recipient == "")
    rows = connection.execute(statement.where(tuple_(*key).in_(keys)))
    return {tuple(row[:-1]) for row in rows if row[-1] and _removed(row[-1])}


def _removed(raw: bytes) -> bool:
    """Whether the person of a message was removed: by the rules of retention too a message may be without address."""
    erased = _decode_extras(raw).erased
    return erased is not None and erased.why == "contact"


def _files(raw: bytes | None) -> tuple[bytes, ...]:
    if not raw or b'"attachments"' not in raw:
        return ()
    return tuple(file.digest for file in _decode_extras(raw).attachments)


def _hashed(document: bytes, address: str) -> bytes:
    return to_document(msgspec.structs.replace(from_document(document, Suppression), address=address, evidence=""))


def _make_room(connection: Connection, entry: Suppression, hashed: str) -> None:
    """An entry of the same category and reason under the hash gives way."""
    c = suppressions.c
    same = (c.workspace_id == entry.workspace_id) & (c.channel == int(entry.channel)) & (c.address == hashed)
    kind = (c.covers == int(entry.covers)) & (c.reason == int(entry.reason))
    connection.execute(delete(suppressions).where(same, kind))


def _counted(connection: Connection, erasure: Erasure, done: dict[str, int]) -> Erasure | None:
    counts = dict(erasure.counts)
    for name, many in done.items():
        if many:
            counts[name] = counts.get(name, 0) + many
    erasure.counts = counts
    return keep(connection, erasure)


def _locked(connection: Connection, erasure_id: Id) -> Erasure | None:
    document = connection.execute(select(_E.document).where(_E.id == erasure_id).with_for_update()).scalar()
    return None if document is None else from_document(document, Erasure)


def _table(connection: Connection, name: str) -> Table:
    return schema.metadata_for(connection.dialect.name).tables[name]


def _write_key(values: Sequence[Any]) -> str:
    return json.dumps([["x", value.hex()] if isinstance(value, bytes) else value for value in values])


def _read_key(word: str) -> list[Any]:
    return [bytes.fromhex(value[1]) if isinstance(value, list) else value for value in json.loads(word)]

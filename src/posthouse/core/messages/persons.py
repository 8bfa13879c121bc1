"""Whom a message is for and in which language, and what its template may always read."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec

from posthouse.core.contacts.model import Contact
from posthouse.core.kernel import ids
from posthouse.core.kernel.cache import GenerationCache
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import NotFoundError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.moments import show_moment
from posthouse.core.messages.checks import Checks
from posthouse.core.messages.model import Lane
from posthouse.core.messages.submission import Caller, Party, Submission
from posthouse.core.templates.always import completed
from posthouse.core.templates.model import Release, Sender
from posthouse.core.workspaces.model import Workspace
from posthouse.core.workspaces.ports import WorkspaceStore
from posthouse.core.workspaces.scopes import CONTACTS_READ, covers

_LANE_WORDS: Final = {lane: lane.name.lower() for lane in Lane}


class People(Protocol):
    """Finds contacts (core/contacts, ContactService)."""

    async def find(self, workspace_id: Id, word: str) -> Contact | None:
        """The contact with an identifier or a key."""
        ...


class Asked(msgspec.Struct, frozen=True):
    """What a submission comes to once its contact is known."""

    to: Party | str | None
    locale: str | None
    """Of the request, else of the contact, else of the key: None when none of them says, and the workspace's serves."""
    contact: Contact | None = None
    locale_by: str = ""
    """``contact`` or ``key`` when the request did not say it itself."""


def asked_for(caller: Caller, wanted: Submission) -> Asked:
    """What a submission without a contact asks for."""
    if wanted.locale is None and caller.locale:
        return Asked(wanted.to, caller.locale, None, "key")
    return Asked(wanted.to, wanted.locale)


class Persons:
    """Finds the person of a submission, and the workspace's own words.

    Args:
        people: the contacts.
        store: the workspaces.
        clock: for the cache.
    """

    def __init__(self, people: People, store: WorkspaceStore, clock: Clock) -> None:
        self._people = people
        self._store = store
        self._homes: GenerationCache[Id, Workspace] = GenerationCache(store.generation, clock)

    async def asked(self, caller: Caller, wanted: Submission, checks: Checks) -> Asked:
        """Whom a submission that names a contact is for, and the language that is asked for."""
        contact = await self._contact(caller, wanted, checks)
        if contact is None:
            return asked_for(caller, wanted)
        to = wanted.to if contact.email is None else Party(contact.email, contact.name)
        if wanted.locale is None and contact.locale is not None:
            return Asked(to, contact.locale, contact, "contact")
        return msgspec.structs.replace(asked_for(caller, wanted), to=to, contact=contact)

    async def home(self, workspace_id: Id) -> Workspace:
        """The workspace, as it was a moment ago at most."""
        return await self._homes.get(workspace_id, self._read)

    async def _contact(self, caller: Caller, wanted: Submission, checks: Checks) -> Contact | None:
        if caller.key_id is not None and not covers(caller.scopes, CONTACTS_READ):
            text = f"this key may not name contacts: it needs the scope {CONTACTS_READ}; or give the address in to"
            checks.wrong("/contact", text, "missing-scope")
            return None
        if wanted.to is not None:
            checks.wrong("/contact", "give either contact or to", "choose-one")
            return None
        found = await self._people.find(caller.workspace_id, wanted.contact or "")
        if found is None:
            text = "this workspace has no such contact; add it with POST /v1/contacts, or give the address in to"
            checks.wrong("/contact", text, "unknown-contact")
        elif found.email is None:
            checks.wrong("/contact", "this contact has no e-mail address", "no-address")
        return found

    async def _read(self, workspace_id: Id) -> Workspace:
        for workspace in await self._store.workspaces():
            if workspace.id == workspace_id:
                return workspace
        raise NotFoundError("the workspace is gone")


class Facts(msgspec.Struct, frozen=True):
    """What is known of a message when its variables are looked at."""

    message_id: Id
    live: bool
    lane: Lane
    created_at: int
    due_at: int
    recipient: Sender
    asked: Asked
    home: Workspace


def always(release: Release, wanted: Submission, facts: Facts) -> dict[str, Any]:
    """The variables of a message with what its release always finds there."""
    ours: dict[str, Mapping[str, Any]] = {name: _MAKERS[name](release, wanted, facts) for name in release.always}
    return completed(wanted.variables, ours)


def _contact_facts(release: Release, _wanted: Submission, facts: Facts) -> dict[str, Any]:
    """No more than the release reads: what is kept with a message is seen by whoever may see messages."""
    known = _known_of_contact(release, facts)
    wanted_names = release.of_contact
    return known if wanted_names is None else {name: known[name] for name in wanted_names if name in known}


def _known_of_contact(release: Release, facts: Facts) -> dict[str, Any]:
    contact, home = facts.asked.contact, facts.home
    known: dict[str, Any] = {
        "email": facts.recipient.email,
        "name": facts.recipient.name,
        "locale": facts.asked.locale or release.locale,
        "time_zone": home.time_zone,
    }
    if contact is None:
        return known
    known |= contact.attributes
    known["id"] = ids.show(ids.CONTACT, contact.id)
    for name in ("key", "phone", "locale", "time_zone"):
        if (value := getattr(contact, name)) is not None:
            known[name] = value
    return known


def _event_facts(_release: Release, wanted: Submission, facts: Facts) -> dict[str, Any]:
    return {
        "at": show_moment(facts.created_at),
        "correlation": wanted.correlation or "",
        "tags": wanted.tags,
        "metadata": wanted.metadata,
    }


def _message_facts(release: Release, _wanted: Submission, facts: Facts) -> dict[str, Any]:
    return {
        "id": ids.show(ids.MESSAGE, facts.message_id),
        "template": release.template_key,
        "version": release.version,
        "channel": release.channel,
        "locale": release.locale,
        "lane": _LANE_WORDS[facts.lane],
        "mode": "live" if facts.live else "test",
        "created_at": show_moment(facts.created_at),
        "send_at": show_moment(facts.due_at),
    }


def _workspace_facts(_release: Release, _wanted: Submission, facts: Facts) -> dict[str, Any]:
    home = facts.home
    return {"name": home.name, "locale": home.default_locale, "time_zone": home.time_zone}


_MAKERS: Final = {
    "contact": _contact_facts,
    "event": _event_facts,
    "message": _message_facts,
    "workspace": _workspace_facts,
}

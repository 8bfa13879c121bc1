"""Contacts as people and business applications manage them."""

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from posthouse.core.contacts.errors import UnknownContactError
from posthouse.core.contacts.model import Contact, ContactQuery
from posthouse.core.contacts.ports import Addresses, ContactStore
from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import ConflictError, FieldProblem, InvalidIdError, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.kernel.paging import MAX_PAGE, Page
from posthouse.core.kernel.places import LOCALE_ADVICE, PHONE_ADVICE, ZONE_ADVICE, is_locale, is_phone, is_zone, pasted

FIXED: Final = ("id", "key", "name", "email", "phone", "locale", "time_zone")
"""What templates read as ``contact.NAME`` without being an attribute."""
MAX_ATTRIBUTES: Final = 32_768
"""Bytes of all attributes as JSON."""
_MAX_NAME: Final = 200
_TRIES: Final = 5
_PREFIX: Final = f"{ids.CONTACT}_"
_KEY: Final = re.compile(r"(?!\.\.?$)[^\s/\\?#%]{1,255}")
_ATTRIBUTE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


_FORMS: Final[dict[str, tuple[Callable[[str], bool], str]]] = {
    "key": (
        lambda word: _KEY.fullmatch(word) is not None and word.isprintable() and not word.startswith(_PREFIX),
        f"write 1 to 255 characters without blanks, / \\ ? # and %, that do not begin with {_PREFIX}",
    ),
    "name": (
        lambda word: len(word) <= _MAX_NAME and _CONTROL.search(word) is None,
        f"write at most {_MAX_NAME} characters, without line breaks",
    ),
    "phone": (is_phone, PHONE_ADVICE),
    "locale": (is_locale, LOCALE_ADVICE),
    "time_zone": (is_zone, ZONE_ADVICE),
}


class ContactService:
    """Keeps contacts.

    Args:
        store: where they are.
        addresses: brings addresses into their normal form.
        ids: makes identifiers.
        clock: the time.
    """

    def __init__(self, store: ContactStore, addresses: Addresses, *, ids: IdSource, clock: Clock) -> None:
        self._store = store
        self._addresses = addresses
        self._ids = ids
        self._clock = clock

    async def add(self, workspace_id: Id, fields: dict[str, Any]) -> Contact:
        """A new contact from the fields of :class:`Contact` that people write.

        Raises:
            ValidationError: with every bad field.
            ContactKeyTakenError: there is one with this key.
        """
        now = self._clock.now()
        contact = self._checked(Contact(self._ids(), workspace_id, now, now), fields)
        await self._store.add_contact(contact)
        return contact

    async def change(self, workspace_id: Id, word: str, fields: dict[str, Any]) -> Contact:
        """Sets what is given and leaves the rest; an attribute set to None goes away.

        Raises:
            UnknownContactError: there is none.
            ValidationError: with every bad field.
            ContactKeyTakenError: another contact has this key.
        """
        for _ in range(_TRIES):
            found = await self.get(workspace_id, word)
            merged = fields
            if isinstance(fields.get("attributes"), dict):
                attributes = found.attributes | fields["attributes"]
                merged = fields | {"attributes": {name: one for name, one in attributes.items() if one is not None}}
            changed = self._checked(found, merged)
            if await self._store.update_contact(changed, found.updated_at):
                return changed
        raise ConflictError("others keep changing this contact; try again in a moment")

    async def get(self, workspace_id: Id, word: str) -> Contact:
        """The contact with an identifier (``con_…``) or a key.

        Raises:
            UnknownContactError: there is none.
        """
        found = await self.find(workspace_id, word)
        if found is None:
            raise UnknownContactError(f"there is no contact {word[:64]!r} in this workspace")
        return found

    async def find(self, workspace_id: Id, word: str) -> Contact | None:
        """The contact with an identifier (``con_…``) or a key."""
        if not word.startswith(_PREFIX):
            return await self._store.contact_by_key(workspace_id, word) if _KEY.fullmatch(word) else None
        try:
            return await self._store.contact(workspace_id, ids.read(ids.CONTACT, word))
        except InvalidIdError:
            return None

    async def search(self, query: ContactQuery) -> Page[Contact]:
        """Contacts that match, newest first."""
        limit = max(1, min(query.limit, MAX_PAGE))
        email = query.email
        if email is not None:
            try:
                email = self._addresses.normal_email(pasted(email))
            except ValueError:
                return Page([], None)
        found = await self._store.contacts(msgspec.structs.replace(query, limit=limit + 1, email=email))
        shown = found[:limit]
        return Page(shown, ids.show(ids.CONTACT, shown[-1].id) if len(found) > limit else None)

    async def remove(self, workspace_id: Id, word: str) -> None:
        """Forgets a contact; what was sent stays.

        Raises:
            UnknownContactError: there is none.
        """
        found = await self.get(workspace_id, word)
        await self._store.remove_contact(workspace_id, found.id)

    def _checked(self, contact: Contact, given: dict[str, Any]) -> Contact:
        fields = given | ({"name": given["name"] or ""} if "name" in given else {})
        problems = [*_word_problems(fields), *_attribute_problems(fields.get("attributes") or {})]
        if (email := fields.get("email")) is not None:
            try:
                fields["email"] = self._addresses.normal_email(email)
            except ValueError as error:
                problems.append(FieldProblem("/email", str(error), "bad-address"))
        # Later than before even where the clock stands still: whoever read the older state must be told.
        updated_at = max(self._clock.now(), contact.updated_at + 1)
        made = msgspec.structs.replace(contact, **fields, updated_at=updated_at)
        if made.key is None and made.email is None and made.phone is None:
            text = "give an email, a phone or a key: nothing else leads to this person"
            problems.append(FieldProblem("/email", text, "missing"))
        if problems:
            raise ValidationError("The contact cannot be kept like this.", fields=problems)
        return made


def _word_problems(fields: dict[str, Any]) -> list[FieldProblem]:
    """What is wrong with the texts; None is always right."""
    return [
        FieldProblem(f"/{name}", advice, "form")
        for name, (fits, advice) in _FORMS.items()
        if fields.get(name) is not None and not fits(fields[name])
    ]


def _attribute_problems(attributes: dict[str, Any]) -> list[FieldProblem]:
    problems = []
    for name in attributes:
        shown = name[:64].replace("~", "~0").replace("/", "~1")
        if not _ATTRIBUTE.fullmatch(name):
            detail = "name attributes with letters, digits and _, so that templates can read them as contact.NAME"
            problems.append(FieldProblem(f"/attributes/{shown}", detail, "form"))
        elif name in FIXED:
            problems.append(FieldProblem(f"/attributes/{shown}", f"is a field of its own: /{name}", "reserved"))
    size = len(msgspec.json.encode(attributes))
    if size > MAX_ATTRIBUTES:
        problems.append(FieldProblem("/attributes", f"at most {MAX_ATTRIBUTES} bytes; {size} came", "too-large"))
    return problems

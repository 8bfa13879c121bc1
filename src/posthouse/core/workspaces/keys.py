"""API keys: made, recognised in a few microseconds, revoked within a tenth of a second.

A key is ``ph_live_`` or ``ph_test_`` and 256 random bits in base64url. Having so many random bits of its own it needs
no slow hash: its keyed hash is what the store keeps and what recognised keys are remembered under, so nothing here
compares secrets letter by letter.
"""

import base64
import hashlib
import ipaddress
import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.kernel.places import LOCALE_ADVICE, is_locale
from posthouse.core.kernel.waiting import AskedOnce
from posthouse.core.workspaces import scopes as scope_rules
from posthouse.core.workspaces.errors import ScopeTooWideError
from posthouse.core.workspaces.model import ApiKey
from posthouse.core.workspaces.ports import SecretBox, WorkspaceStore

LIVE_PREFIX: Final = "ph_live_"
TEST_PREFIX: Final = "ph_test_"
SECRET_BYTES: Final = 32
GENERATION_TTL: Final = SECOND // 10
"""How long a recognised key is believed without asking the store whether settings changed (microseconds)."""
MAX_NAME: Final = 100

_INSTEAD: Final = "use a wider key or the command line."
_ANYWHERE: Final = ("0.0.0.0/0", "::/0")
"""Where keys may come from that are bound to no network."""
_FORM: Final = re.compile(r"ph_(?:live|test)_[A-Za-z0-9_-]{43}")


class CreatedKey(NamedTuple):
    """A new key and its secret, which nobody can see again."""

    key: ApiKey
    secret: str


class KeyService:
    """Makes, recognises, lists and revokes keys.

    Args:
        store: keeps them.
        box: hashes secrets.
        clock: tells the time.
        new_id: makes identifiers.
        entropy: makes that many random bytes (``secrets.token_bytes``).
    """

    def __init__(
        self,
        *,
        store: WorkspaceStore,
        box: SecretBox,
        clock: Clock,
        new_id: IdSource,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._box = box
        self._clock = clock
        self._new_id = new_id
        self._entropy = entropy
        self._salt = entropy(SECRET_BYTES)
        self._known: dict[bytes, ApiKey] = {}
        """By the store's digest (32 bytes) and by a mark of this process's own (16 bytes), made in a third of the time."""
        self._generation = -1
        self._checked_at: int | None = None
        self._forget_if_changed = AskedOnce(self._look_for_changes)
        self._used: dict[Id, int] = {}

    async def create(
        self,
        workspace_id: Id,
        name: str,
        *,
        live: bool,
        scopes: Sequence[str] = scope_rules.DEFAULT,
        networks: Sequence[str] = (),
        locale: str = "",
        creator: ApiKey | None = None,
    ) -> CreatedKey:
        """Makes a key.

        Args:
            workspace_id: where it is good.
            name: for people, 1 to 100 characters.
            live: False for a test key, whose messages the sandbox delivers.
            scopes: what it may do.
            networks: where it may come from (CIDR notation); none: where its creator may, else anywhere.
            locale: language of its messages when neither the request nor the contact says; empty: the workspace's.
            creator: the key that asks for it, which cannot give away more than it has; None for the operator.

        Raises:
            ValidationError: name, scopes, networks or locale are wrong.
            ScopeTooWideError: the creator lacks a scope, may not come from a network, or is a test key asking for a live one.
        """
        letters = base64.urlsafe_b64encode(self._entropy(SECRET_BYTES)).decode().rstrip("=")
        key = ApiKey(
            id=self._new_id(),
            workspace_id=workspace_id,
            name=_checked_name(name),
            live=live,
            scopes=scope_rules.check(scopes),
            hint=letters[-4:],
            created_at=self._clock.now(),
            networks=_checked_networks(networks) or (creator.networks if creator else ()),
            locale=_checked_locale(locale),
        )
        if creator is not None:
            _check_reach(creator, key, "give it away")
        secret = (LIVE_PREFIX if live else TEST_PREFIX) + letters
        await self._store.add_key(key, self._box.digest(secret))
        return CreatedKey(key, secret)

    async def authenticate(self, secret: str) -> ApiKey | None:
        """The key with this secret, None when there is none or it is revoked.

        Raises:
            UnavailableError: the store cannot be asked.
        """
        now = self._clock.monotonic()
        if self._checked_at is None or now - self._checked_at >= GENERATION_TTL:
            await self._forget_if_changed()
        mark = hashlib.blake2b(secret.encode(), key=self._salt, digest_size=16).digest()
        key = self._known.get(mark)
        if key is None:
            key = await self._recognise(secret, mark)
            if key is None:
                return None
        self._used[key.id] = self._clock.now()
        return key

    async def list(self, workspace_id: Id) -> Sequence[ApiKey]:
        """All keys of a workspace, revoked ones too, oldest first."""
        return await self._store.keys(workspace_id)

    async def revoke(self, workspace_id: Id, key_id: Id, revoker: ApiKey | None = None) -> ApiKey:
        """Makes a key worthless, in every process within :data:`GENERATION_TTL`; again is fine.

        Raises:
            NotFoundError: there is none in this workspace.
            ScopeTooWideError: the key that asks (``revoker``; None: the operator) could not have made this one: it may do less, comes from
                fewer networks, or is a test key and this one is live.
        """
        if revoker is not None:
            for key in await self._store.keys(workspace_id):
                if key.id == key_id:
                    _check_reach(revoker, key, "revoke it")
        key = await self._store.revoke_key(workspace_id, key_id, self._clock.now())
        self._known = {}
        return key

    async def flush_use(self) -> None:
        """Writes the last uses since the previous call; call it every few seconds and at the end."""
        used, self._used = self._used, {}
        if used:
            await self._store.touch_keys(used)

    async def _look_for_changes(self) -> None:
        now = self._clock.monotonic()
        generation = await self._store.generation()
        if generation != self._generation:
            self._known = {}
            self._generation = generation
        self._checked_at = now

    async def _recognise(self, secret: str, mark: bytes) -> ApiKey | None:
        """A secret that was not met since the settings changed."""
        if _FORM.fullmatch(secret) is None:
            return None
        digest = self._box.digest(secret)
        key = self._known.get(digest) or await self._look_up(digest)
        if key is not None and self._known.get(digest) is key:
            self._known[mark] = key
        return key

    async def _look_up(self, digest: bytes) -> ApiKey | None:
        """Asks the store; remembers the answer only when no settings changed meanwhile: no revocation is missed."""
        generation, known = self._generation, self._known
        key = await self._store.key_by_digest(digest)
        if key is None or key.revoked_at is not None:
            return None
        if generation == self._generation and known is self._known:
            known[digest] = key
        return key


def _checked_name(name: str) -> str:
    trimmed = name.strip()
    if not 1 <= len(trimmed) <= MAX_NAME:
        problem = FieldProblem("/name", f"write 1 to {MAX_NAME} characters that tell the keys apart", "length")
        raise ValidationError("The key needs a name.", fields=[problem])
    return trimmed


def _checked_locale(locale: str) -> str:
    if locale and not is_locale(locale):
        problem = FieldProblem("/locale", LOCALE_ADVICE, "form")
        raise ValidationError("The key's language is wrong.", fields=[problem])
    return locale


def _checked_networks(networks: Sequence[str]) -> tuple[str, ...]:
    found, problems = [], []
    for index, word in enumerate(networks):
        try:
            found.append(str(ipaddress.ip_network(word.strip(), strict=False)))
        except ValueError:
            advice = f'"{word[:64]}" is not a network; write it like 203.0.113.0/24 or 2001:db8::/32'
            problems.append(FieldProblem(f"/networks/{index}", advice, "network"))
    if problems:
        raise ValidationError("Some networks are wrong.", fields=problems)
    return tuple(found)


def _check_reach(holder: ApiKey, other: ApiKey, what: str) -> None:
    """Whether a key may do and reach all that another does.

    Args:
        holder: the key that asks.
        other: what it wants to make or to revoke.
        what: what it wants, for people: "give it away".
    """
    if other.live and not holder.live:
        raise ScopeTooWideError(f"This is a test key and that one is live, so it cannot {what}; {_INSTEAD}")
    for scope in other.scopes:
        if not scope_rules.covers(holder.scopes, scope):
            raise ScopeTooWideError(f"This key does not have {scope} itself, so it cannot {what}; {_INSTEAD}")
    allowed = [ipaddress.ip_network(one) for one in holder.networks]
    for network in [ipaddress.ip_network(one) for one in other.networks or _ANYWHERE] if allowed else []:
        if not any(network.version == one.version and network.subnet_of(one) for one in allowed):  # type: ignore[arg-type]
            raise ScopeTooWideError(f"This key may not come from {network} itself, so it cannot {what}; {_INSTEAD}")

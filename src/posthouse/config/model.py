"""Every setting, with its type, its bounds and its description: the one place they are documented.

``docs/reference/settings.md`` is made from this file. ``extra`` may say ``secret`` (never shown) or ``url`` (shown
without its password).
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

Meta = msgspec.Meta


def _said(description: str, **more: Any) -> Meta:
    """A description that follows the field into the reference."""
    extra: dict[str, Any] = {}
    for name in ("secret", "url"):
        if name in more:
            extra[name] = more.pop(name)
    return Meta(description=description, extra=extra or None, **more)


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every section is: frozen, and closed to unknown names."""


class Http(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The HTTP API."""

    host: Annotated[str, _said("Address to listen on. `0.0.0.0` listens everywhere: put a TLS proxy in front.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, _said("TCP port to listen on.", ge=0, le=65535)] = 8025
    public_url: Annotated[
        str,
        _said(
            "What others reach the API at, such as `https://post.example`: links in alerts begin with it. Empty means `http://`, "
            "`mail.hostname` and the port."
        ),
    ] = ""
    processes: Annotated[int, _said("API processes.", ge=1, le=256)] = 1
    max_body: Annotated[
        int,
        _said("Largest request body, in bytes; longer ones get 413. A batch may have 10 MB at most anyway.", ge=1024),
    ] = 26_214_400
    rate_limit: Annotated[
        int,
        _said(
            "Messages a second that one key may submit, over a burst of 100; any other request counts as one. 0 means no limit. "
            "The API processes of one machine count together; with several machines each counts for itself.",
            ge=0,
        ),
    ] = 0
    trusted_proxies: Annotated[
        tuple[str, ...],
        _said("Networks (CIDR) of proxies whose `X-Forwarded-For` is believed; empty believes none."),
    ] = ()
    backlog: Annotated[int, _said("Connections that may wait to be taken by the system.", ge=16, le=65535)] = 2048


class Dispatch(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The processes that send."""

    processes: Annotated[int, _said("Dispatch processes; 0 means as many as there are cores.", ge=0, le=256)] = 0
    prefetch: Annotated[int, _said("Most messages that one process claims at once.", ge=1, le=10_000)] = 200
    concurrency: Annotated[int, _said("Most messages that one process sends at the same time.", ge=1, le=10_000)] = 128
    critical_slots: Annotated[int, _said("Of these, how many only the lane `critical` may use.", ge=0, le=1_000)] = 16
    lease_seconds: Annotated[
        int,
        _said(
            "How long a claim is good for unless renewed, in seconds; a crashed process's messages come back after it.",
            ge=5,
            le=300,
        ),
    ] = 20
    retry_first_seconds: Annotated[int, _said("Wait before the second attempt, in seconds.", ge=1, le=86_400)] = 60
    retry_factor: Annotated[float, _said("Each further wait is this many times the one before.", ge=1.0, le=10.0)] = 2.0
    retry_longest_seconds: Annotated[int, _said("Longest wait between attempts, in seconds.", ge=1, le=604_800)] = (
        14_400
    )
    retry_for_hours: Annotated[
        int, _said("How long a message is tried for, in hours, when it does not expire sooner.", ge=1, le=720)
    ] = 72
    stop_seconds: Annotated[
        int, _said("How long a stop waits for what is being sent, in seconds; the rest is given back.", ge=1, le=300)
    ] = 20


class Mail(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """E-mail."""

    hostname: Annotated[str, _said("Name used in EHLO and Message-ID; empty means the machine's full name.")] = ""
    default_from: Annotated[
        str,
        _said(
            "Sender when neither message nor template names one; empty means `noreply@` the workspace's first domain."
        ),
    ] = ""
    default_from_name: Annotated[str, _said("Display name of that sender.")] = ""
    max_message: Annotated[int, _said("Largest finished message, in bytes.", ge=65_536)] = 26_214_400
    dns_servers: Annotated[
        tuple[str, ...], _said("Addresses of the resolvers to ask; empty means those of the system.")
    ] = ()
    dns_port: Annotated[int, _said("Port of these resolvers.", ge=1, le=65535)] = 53


class Suppression(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an address is no longer written to. Hard bounces and complaints suppress at once."""

    soft_bounces: Annotated[
        int, _said("So many messages that bounced softly suppress their address; 0 means never.", ge=0, le=1_000)
    ] = 5
    soft_days: Annotated[int, _said("Within so many days.", ge=1, le=365)] = 14
    soft_for_days: Annotated[
        int, _said("How long soft bounces suppress, in days; 0 means for good.", ge=0, le=36_500)
    ] = 30
    hard_for_days: Annotated[
        int, _said("How long a hard bounce suppresses, in days; 0 means for good.", ge=0, le=36_500)
    ] = 0


class Returned(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Returned mail: bounces and complaints, taken in by an SMTP listener, or read out of a mailbox. Off by default."""

    host: Annotated[str, _said("Address that the listener listens on.")] = "127.0.0.1"
    port: Annotated[int, _said("TCP port of the listener; 0 means no listener.", ge=0, le=65535)] = 0
    max_size: Annotated[int, _said("Largest mail that the listener takes, in bytes.", ge=65_536, le=104_857_600)] = (
        10_485_760
    )
    connections: Annotated[int, _said("Connections to the listener at a time.", ge=1, le=1_000)] = 40
    rate_limit: Annotated[int, _said("Mails a minute that one address may bring.", ge=1, le=100_000)] = 600
    tls_certificate: Annotated[
        str, _said("File with the listener's certificate chain (PEM), which makes it offer STARTTLS.")
    ] = ""
    tls_key: Annotated[str, _said("File with the certificate's key, when it is not in the same one.")] = ""
    imap_host: Annotated[str, _said("Server of the mailbox that returned mail is in; empty means no mailbox.")] = ""
    imap_port: Annotated[int, _said("Port of that server.", ge=1, le=65535)] = 993
    imap_tls: Annotated[
        Literal["implicit", "starttls", "none"], _said("How the connection to the mailbox is protected.")
    ] = "implicit"
    imap_user: Annotated[str, _said("User of the mailbox.")] = ""
    imap_password: Annotated[str, _said("Password of the mailbox.", secret=True)] = ""
    imap_folder: Annotated[str, _said("Folder that returned mail arrives in.")] = "INBOX"
    imap_handled: Annotated[str, _said("Folder that mails are moved to once they are filed; made if missing.")] = (
        "Handled"
    )
    imap_seconds: Annotated[float, _said("Seconds between two looks into the mailbox.", ge=1.0, le=86_400.0)] = 60.0

    @property
    def on(self) -> bool:
        """Whether there is anything to take in."""
        return bool(self.port or self.imap_host)


class Tracking(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Links in mails that lead through us."""

    key_generation: Annotated[
        int,
        _said(
            "Number of the key that new links are signed with; raise it to change keys. Links of older keys go on working.",
            ge=1,
            le=65_535,
        ),
    ] = 1
    oldest_key: Annotated[
        int,
        _said(
            "Oldest key whose links are still believed; raise it when an older key was seen by others.", ge=1, le=65_535
        ),
    ] = 1
    network_limit: Annotated[
        int,
        _said(
            "Opens and clicks from one network of the Internet (IPv4 /24, IPv6 /48) that each API process writes down in an hour, known proxies "
            "and scanners apart; what comes beyond is answered all the same. 0: without end.",
            ge=0,
            le=100_000_000,
        ),
    ] = 20_000


class Log(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is logged. Message ids always; addresses only if asked for; variables and secrets never."""

    format: Annotated[
        Literal["auto", "json", "human"], _said("`json`, `human`, or `auto`: human on a terminal, JSON elsewhere.")
    ] = "auto"
    level: Annotated[
        Literal["debug", "info", "warning", "error"], _said("The least important level that is written.")
    ] = "info"
    show_addresses: Annotated[
        bool, _said("Whether logs may contain recipients' addresses, which are personal data.")
    ] = False


class Idempotency(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Idempotency keys."""

    keep_days: Annotated[int, _said("How long a key answers again, in days of running time.", ge=1, le=90)] = 7


class Workspaces(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Those who administer workspaces."""

    trusted: Annotated[
        bool,
        _said(
            "Whether they are the operator's own people. `false` for workspaces of strangers: their providers then reach public "
            "addresses only, read no certificate file of this machine, and carry no domain without proof by DNS."
        ),
    ] = True


class Webhooks(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Telling others what happens."""

    timeout_seconds: Annotated[
        int, _said("How long an endpoint may take to answer; after it the event is tried again.", ge=1, le=60)
    ] = 15
    allow_networks: Annotated[
        tuple[str, ...],
        _said(
            "Networks (CIDR) that endpoints may be in although they are not public, such as `10.1.0.0/16`. With a loopback "
            "network among them `http://` is taken there too. The lint's `--online` may ask for pictures there as well."
        ),
    ] = ()
    keep_log_days: Annotated[int, _said("How long the delivery log is kept, in days.", ge=1, le=365)] = 30


class Store(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The database."""

    connections: Annotated[int, _said("PostgreSQL connections that one process may hold.", ge=2, le=200)] = 8
    unsafe: Annotated[
        bool,
        _said(
            "Start on a store that is configured to lose acknowledged messages in a power cut "
            "(`fsync=off`, `synchronous_commit=off`, SQLite below `synchronous=FULL`). For experiments only."
        ),
    ] = False
    synchronous: Annotated[
        Literal["full", "normal"],
        _said("SQLite's `synchronous`. `normal` loses acknowledged messages in a power cut and needs `unsafe`."),
    ] = "full"


class Settings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings."""

    data: Annotated[
        str,
        _said("Folder of the database, the master key, backups and run files. Relative to where the command is run."),
    ] = "data"
    database: Annotated[
        str,
        _said(
            "PostgreSQL: `postgresql://user:password@host:5432/name`. Empty means SQLite in the data folder.",
            url=True,
        ),
    ] = ""
    secret_key: Annotated[
        str,
        _said(
            "The master key itself (32 bytes in base64), for those who keep secrets in the environment. "
            "Seals DKIM and provider secrets and keys the hashes of API keys.",
            secret=True,
        ),
    ] = ""
    secret_key_file: Annotated[
        str, _said("File with the master key; empty means `secret.key` in the data folder, made by `posthouse init`.")
    ] = ""
    http: Http = Http()
    dispatch: Dispatch = Dispatch()
    mail: Mail = Mail()
    tracking: Tracking = Tracking()
    log: Log = Log()
    idempotency: Idempotency = Idempotency()
    suppression: Suppression = Suppression()
    returned: Returned = Returned()
    store: Store = Store()
    workspaces: Workspaces = Workspaces()
    webhooks: Webhooks = Webhooks()

    @property
    def data_dir(self) -> Path:
        """The data folder."""
        return Path(self.data)

    @property
    def run_dir(self) -> Path:
        """Where running processes leave sockets, locks and metrics: may be emptied while nothing runs."""
        return self.data_dir / "run"

    @property
    def metrics_dir(self) -> Path:
        """Where the processes share their counters."""
        return self.run_dir / "metrics"

    @property
    def backups_dir(self) -> Path:
        """Where copies made before a migration go."""
        return self.data_dir / "backups"

    @property
    def key_file(self) -> Path:
        """The file of the master key."""
        return Path(self.secret_key_file) if self.secret_key_file else self.data_dir / "secret.key"

    @property
    def postgres(self) -> bool:
        """Whether the store is PostgreSQL."""
        return bool(self.database)

    @property
    def sqlite_path(self) -> Path:
        """The file of the embedded database."""
        return self.data_dir / "posthouse.db"

"""Templates as files: one folder, one template (docs/howto/templates.md).

Pure functions over file names and contents, so that the command line and the HTTP API read the same way.
"""

import datetime as dt
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, NoReturn

import msgspec

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.templates import link_settings
from posthouse.core.templates.attachments.folder import take_attachments
from posthouse.core.templates.cases.folder import FOLDER as TESTS
from posthouse.core.templates.cases.folder import take_cases, with_cases
from posthouse.core.templates.document_folder import DOCUMENT, THEME, document_variants, with_theme
from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.kinds import kind_problem
from posthouse.core.templates.library.folder import library_files
from posthouse.core.templates.lint.pictures import LARGE
from posthouse.core.templates.lint.rules import RULES
from posthouse.core.templates.mobile_folder import FILE as MOBILE
from posthouse.core.templates.mobile_folder import NAMES as MOBILE_NAMES
from posthouse.core.templates.mobile_folder import locale_in, take_mobile
from posthouse.core.templates.model import LEGAL_BASES, Category, Sender, TemplateSource, UnknownPolicy, VariantSource
from posthouse.core.templates.promises import take_promise

SETTINGS: Final = "template.toml"
_LOCALE: Final = r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*"
_BODY: Final = re.compile(rf"email(?:\.(?P<locale>{_LOCALE}))??\.(?P<kind>mjml|html|txt|text|subject)")
_SUBJECT: Final = re.compile(rf"subject(?:\.(?P<locale>{_LOCALE}))??(?:\.(?:txt|text))?")
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_ADDRESS: Final = re.compile(r"\s*(?:(?P<name>[^<>]*?)\s*<(?P<email>[^<>\s]+)>|(?P<bare>[^<>\s]+@[^<>\s]+))\s*")
_LONGEST_ADDRESS: Final = 1_000
_IGNORED: Final = re.compile(r"(?:.*/)?(?:\.[^/]*|README(?:\.\w+)?|.*~|Thumbs\.db)", re.IGNORECASE)
_FILE: Final = re.compile(r".*\.(?:png|jpe?g|gif|webp|svg|bmp|ico|pdf)", re.IGNORECASE)
_NAMES: Final = ("template.toml", "email.en.mjml", "email.en.html", "email.json", "theme.json", "email.en.txt",
                 "subject.en.txt", "sample.json", "schema.json", *MOBILE_NAMES)  # fmt: skip
_TAG: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,64}")
_CHANNELS: Final = ("email", "sms", "whatsapp", "push")
_LANES: Final = ("critical", "normal", "bulk")
_FIELDS: Final = frozenset(
    {
        "key", "name", "description", "kind", "category", "lane", "from", "reply_to", "default_locale", "default_channel",
        "unknown_policy", "unknown", "tags", "subject", "subjects", "lint_ignore", "sms", "attachments", "owner", "legal_basis", "retention",
        "review_on", "service_level",
        *link_settings.FIELDS,
    }
)  # fmt: skip


class _Body(NamedTuple):
    kind: str
    content: str
    name: str


class _Problems:
    """Collects what is wrong, so that the author sees everything at once."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._found: list[FieldProblem] = []

    def add(self, file: str, detail: str, code: str = "invalid") -> None:
        self._found.append(FieldProblem(f"/{file}", f"{file}: {detail}", code))

    def raise_if_any(self) -> None:
        if self._found:
            self._raise()

    def _raise(self) -> NoReturn:
        more = f" (and {len(self._found) - 1} more)" if len(self._found) > 1 else ""
        where = f"The template folder {self._folder!r}" if self._folder else "The template folder"
        raise TemplateProblemsError(f"{where} has problems: {self._found[0].detail}{more}", fields=self._found)


def read_folder(files: Mapping[str, bytes], folder: str = "") -> TemplateSource:
    """Reads one template folder.

    Args:
        files: contents by file name relative to the folder.
        folder: the folder's name: the template's key unless template.toml says another.

    Raises:
        TemplateProblemsError: each file and field that is wrong, and what was probably meant.
    """
    problems = _Problems(folder)
    texts = _texts(files, problems)
    settings = _settings(texts.pop(SETTINGS, ""), problems)
    default_locale = _locale(_word(settings, "default_locale", "", problems)) or _only_locale(texts) or "en"
    attachments = take_attachments(texts, settings, default_locale, _locale, problems.add)
    tests = take_cases(texts, problems.add)
    sample = _object(texts, "sample.json", problems) or {}
    schema = _object(texts, "schema.json", problems)
    document, theme = _object(texts, DOCUMENT, problems), _object(texts, THEME, problems)
    subjects = _subjects(settings, default_locale, problems)
    mobile = tuple(take_mobile(texts, settings, default_locale, _locale, problems.add))
    bodies = _bodies(texts, default_locale, subjects, problems)
    if document is None:
        if theme is not None and DOCUMENT not in files:
            problems.add(THEME, f"is only for documents; there is no {DOCUMENT}", "unknown")
        variants = (
            ()
            if DOCUMENT in files
            else tuple(_variants(bodies, subjects, problems, alone=not any(map(MOBILE.fullmatch, files))))
        )
    else:
        by_hand = _texts_beside(bodies, problems)
        variants = tuple(document_variants(document, theme, default_locale, by_hand, subjects, problems.add))
    refuse = partial(problems.add, SETTINGS)
    source = TemplateSource(
        key=_key(settings, folder, problems),
        name=_word(settings, "name", folder.replace("-", " ").capitalize(), problems),
        description=_word(settings, "description", "", problems),
        kind=_kind(settings, problems),
        category=Category(_choice(settings, "category", tuple(Category), "transactional", problems)),
        lane=_choice(settings, "lane", _LANES, "normal", problems),
        default_channel=_choice(settings, "default_channel", _CHANNELS, _first_channel((*variants, *mobile)), problems),
        default_locale=default_locale,
        sender=_sender(settings, "from", problems),
        reply_to=_sender(settings, "reply_to", problems),
        unknown_policy=UnknownPolicy(_policy(settings, problems)),
        tags=_tags(settings, problems),
        schema=schema,
        sample=sample,
        lint_ignore=_ignored_rules(settings, problems),
        owner=_word(settings, "owner", "", problems),
        legal_basis=_legal_basis(settings, problems),
        retention=_word(settings, "retention", "", problems),
        review_on=_day(settings, "review_on", problems),
        service_level=take_promise(settings, refuse),
        tracking=link_settings.tracking(settings, refuse),
        link_parameters=link_settings.link_parameters(settings, refuse),
        link_parameters_exclude=link_settings.excluded(settings, refuse),
        variants=(*variants, *mobile),
        attachments=attachments,
        tests=tests,
    )
    problems.raise_if_any()
    return source


def template_folders(files: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """Splits a pushed tree into template folders: the tree itself (name ``""``) or each folder that has a template.

    Raises:
        TemplateProblemsError: there is no template anywhere.
    """
    folders: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        folder, _, name = path.replace("\\", "/").removeprefix("./").rpartition("/")
        folders.setdefault(folder, {})[name] = content
    found = {folder: held for folder, held in folders.items() if any(is_template_name(name) for name in held)}
    cases = {folder for folder in found if folder.rpartition("/")[2] == TESTS and folder.rpartition("/")[0] in found}
    found = {folder: held for folder, held in found.items() if folder not in cases}  # a case may be called push.json
    found = {folder: held for folder, held in found.items() if not _is_tests(folder, found)}
    if not found:
        raise TemplateProblemsError(f"There is no template here: no folder has a {SETTINGS} or an email.LOCALE.mjml.")
    return {folder: with_cases(folders, folder, with_theme(folders, folder)) for folder in sorted(found)}


def read_tree(files: Mapping[str, bytes], name: str = "") -> list[TemplateSource]:
    """Reads a folder that is a template or holds template folders; ``name`` is its own name."""
    if library_files(files) and not any(is_template_name(path.rpartition("/")[2]) for path in files):
        return []
    return [read_folder(held, folder.rpartition("/")[2] or name) for folder, held in template_folders(files).items()]


def is_template_file(name: str) -> bool:
    """Whether a file of a template's folder is one that :func:`read_folder` would read, whatever the template has."""
    return (
        is_template_name(name)
        or name in {THEME, "sample.json", "schema.json"}
        or _SUBJECT.fullmatch(name) is not None
        or name.startswith(f"{TESTS}/")
    )


def _is_tests(folder: str, found: Mapping[str, object]) -> bool:
    """Whether a folder holds the cases of the template above: a case may be called ``push.json`` too."""
    above, _, name = folder.rpartition("/")
    return name == TESTS and above in found


def is_template_name(name: str) -> bool:
    """Whether a file makes its folder a template's."""
    return name in {SETTINGS, DOCUMENT} or any(known.fullmatch(name) for known in (_BODY, MOBILE))


def _texts(files: Mapping[str, bytes], problems: _Problems) -> dict[str, str]:
    texts = {}
    for name, content in files.items():
        if _IGNORED.fullmatch(name):
            continue
        if _FILE.fullmatch(name):
            problems.add(name, _to_upload(name, len(content)), "not-uploaded")
            continue
        try:
            texts[name] = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            problems.add(name, f"is not UTF-8 (octet {error.start}); save it as UTF-8")
    return texts


def _to_upload(name: str, size: int) -> str:
    """What to do with a picture or another file beside a template: mails show and attach what was uploaded."""
    kind = (
        "" if name.lower().endswith(".pdf") else f', and inline = "{name.rpartition(".")[0][:20]}" to show it by cid:'
    )
    large = f" It has {size:,} bytes: make it smaller first (1 MB at the most)." if kind and size > LARGE else ""
    return f"does not go with the folder; run posthouse uploads add {name}, name what it prints in [[attachments]]{kind}.{large}"


def _settings(text: str, problems: _Problems) -> dict[str, Any]:
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.add(SETTINGS, f"is not valid TOML: {error}")
        return {}
    for field in settings.keys() - _FIELDS:
        problems.add(SETTINGS, f"the field {field!r} is unknown{did_you_mean(field, _FIELDS)}", "unknown")
    return settings


def _object(texts: dict[str, str], name: str, problems: _Problems) -> dict[str, Any] | None:
    text = texts.pop(name, None)
    if text is None:
        return None
    try:
        decoded = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        problems.add(name, f"is not valid JSON: {error}")
        return None
    if not isinstance(decoded, dict):
        problems.add(name, "must hold an object: { … }")
        return None
    return decoded


def _bodies(
    texts: dict[str, str], default_locale: str, subjects: dict[str, str], problems: _Problems
) -> dict[str, list[_Body]]:
    """Bodies by locale; subjects that stand in files go into ``subjects``."""
    bodies: dict[str, list[_Body]] = {}
    for name, text in sorted(texts.items()):
        body, subject = _BODY.fullmatch(name), _SUBJECT.fullmatch(name)
        if subject or (body and body["kind"] == "subject"):
            found = subject or body
            locale = _locale(found["locale"] if found else None) or default_locale
            if locale in subjects:
                problems.add(name, f"the subject for {locale!r} is given twice; keep one", "ambiguous")
            subjects[locale] = text.strip()
        elif body:
            kind = "txt" if body["kind"] == "text" else body["kind"]
            bodies.setdefault(_locale(body["locale"]) or default_locale, []).append(_Body(kind, text, name))
        else:
            problems.add(
                name, f"what is this file for?{did_you_mean(name, _NAMES)} Known are {', '.join(_NAMES)}", "unknown"
            )
    return bodies


def _texts_beside(bodies: dict[str, list[_Body]], problems: _Problems) -> dict[str, str]:
    """Text parts written by hand beside a document, by locale; other bodies would say the same as the document."""
    for body in (body for held in bodies.values() for body in held if body.kind != "txt"):
        problems.add(body.name, f"there is {DOCUMENT} too; keep one", "ambiguous")
    return {locale: body.content for locale, held in bodies.items() for body in held if body.kind == "txt"}


def _variants(
    bodies: dict[str, list[_Body]], subjects: dict[str, str], problems: _Problems, *, alone: bool
) -> Iterator[VariantSource]:
    """The e-mails; ``alone``: there is no other channel, so there must be one."""
    for locale, held in sorted(bodies.items()):
        by_kind: dict[str, _Body] = {}
        for body in held:
            if body.kind in by_kind:
                problems.add(body.name, f"says the same as {by_kind[body.kind].name}; keep one", "ambiguous")
            by_kind[body.kind] = body
        if "mjml" in by_kind and "html" in by_kind:
            problems.add(by_kind["html"].name, f"there is {by_kind['mjml'].name} too; keep one", "ambiguous")
        content = {kind: body.content for kind, body in by_kind.items()}
        subject = subjects.get(locale, subjects.get(locale.split("-", maxsplit=1)[0], ""))
        yield VariantSource("email", locale, subject, content.get("mjml"), content.get("html"), content.get("txt"))
    for locale in sorted(subjects.keys() - bodies.keys()):
        if bodies and locale not in {word.split("-", maxsplit=1)[0] for word in bodies}:
            problems.add(f"email.{locale}.mjml", f"there is a subject in {locale!r} but no such file", "missing")
    if not bodies and alone:
        problems.add("email.en.mjml", "is missing: a template needs at least one email.LOCALE.mjml or .html", "missing")


def _subjects(settings: Mapping[str, Any], default_locale: str, problems: _Problems) -> dict[str, str]:
    given = settings.get("subject", settings.get("subjects", {}))
    if isinstance(given, str):
        return {default_locale: given.strip()}
    if isinstance(given, dict) and all(isinstance(value, str) for value in given.values()):
        return {_locale(locale): value.strip() for locale, value in given.items()}
    problems.add(SETTINGS, 'subject must be a text, or a table of texts by locale: subject = { en = "…" }')
    return {}


def _word(settings: Mapping[str, Any], field: str, default: str, problems: _Problems) -> str:
    value = settings.get(field, default)
    if isinstance(value, str):
        return value.strip()
    problems.add(SETTINGS, f"{field} must be a text")
    return default


def _choice(settings: Mapping[str, Any], field: str, known: tuple[str, ...], default: str, problems: _Problems) -> str:
    value = _word(settings, field, default, problems)
    if value in known:
        return value
    problems.add(SETTINGS, f"{field} must be one of {', '.join(known)}, not {value!r}{did_you_mean(value, known)}")
    return default


def _kind(settings: Mapping[str, Any], problems: _Problems) -> str:
    kind = _word(settings, "kind", "", problems)
    if told := kind_problem(kind):
        problems.add(SETTINGS, f"kind: {told}", "unknown-kind")
    return kind


def _legal_basis(settings: Mapping[str, Any], problems: _Problems) -> str:
    return _choice(settings, "legal_basis", LEGAL_BASES, "", problems) if settings.get("legal_basis") else ""


def _day(settings: Mapping[str, Any], field: str, problems: _Problems) -> str:
    """A date of TOML, or the same as text."""
    given = settings.get(field, "")
    try:
        return str(given) if not given or type(given) is dt.date else dt.date.fromisoformat(given).isoformat()
    except (TypeError, ValueError):
        problems.add(SETTINGS, f"{field} must be a day: {field} = 2027-03-31")
        return ""


def _policy(settings: Mapping[str, Any], problems: _Problems) -> str:
    field = "unknown" if "unknown" in settings else "unknown_policy"
    return _choice(settings, field, tuple(UnknownPolicy), "resend", problems)


def _tags(settings: Mapping[str, Any], problems: _Problems) -> tuple[str, ...]:
    given = settings.get("tags", [])
    if isinstance(given, list) and all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in given):
        return tuple(given)
    problems.add(SETTINGS, 'tags must be a list of short texts without line breaks: tags = ["shop"]')
    return ()


def _ignored_rules(settings: Mapping[str, Any], problems: _Problems) -> tuple[str, ...]:
    given = settings.get("lint_ignore", [])
    if not isinstance(given, list) or not all(isinstance(rule, str) for rule in given):
        problems.add(SETTINGS, 'lint_ignore must be a list of rules: lint_ignore = ["text-derived"]')
        return ()
    for rule in given:
        if rule not in RULES:
            problems.add(
                SETTINGS, f"lint_ignore: there is no rule {rule!r}{did_you_mean(rule, tuple(RULES))}", "unknown"
            )
    return tuple(given)


def _sender(settings: Mapping[str, Any], field: str, problems: _Problems) -> Sender | None:
    given = settings.get(field)
    if given is None:
        return None
    if isinstance(given, dict) and isinstance(given.get("email"), str) and isinstance(given.get("name", ""), str):
        return Sender(given["email"], given.get("name", ""))
    found = _ADDRESS.fullmatch(given) if isinstance(given, str) and len(given) <= _LONGEST_ADDRESS else None
    if found is None:
        problems.add(SETTINGS, f'{field} must be an address: {field} = "The Shop <orders@shop.example>"')
        return None
    return Sender(found["email"] or found["bare"], (found["name"] or "").strip().strip('"'))


def _key(settings: Mapping[str, Any], folder: str, problems: _Problems) -> str:
    key = _word(settings, "key", folder, problems)
    if not _KEY.fullmatch(key):
        advice = "lower-case letters, digits, '-', '_' and '.', starting with a letter or digit"
        problems.add(SETTINGS, f"the key {key!r} must be made of {advice} (at most 100)")
    return key


def _first_channel(variants: Sequence[VariantSource]) -> str:
    """E-mail where there is one."""
    there = [one.channel for one in variants]
    return there[0] if there and "email" not in there else "email"


def _only_locale(texts: Mapping[str, str]) -> str:
    """The locale of the files when there is exactly one."""
    mails = {found["locale"] for name in texts if (found := _BODY.fullmatch(name)) and found["locale"]}
    locales = {_locale(word) for word in mails | {locale_in(name) for name in texts} if word}
    return locales.pop() if len(locales) == 1 else ""


def _locale(word: str | None) -> str:
    """``FR_ca`` → ``fr-CA``: BCP 47 writes the language small and a region of two letters large."""
    if not word:
        return ""
    language, *rest = word.replace("_", "-").split("-")
    return "-".join([language.lower(), *[part.upper() if len(part) == 2 else part for part in rest]])

"""From words and codes to a verdict."""

import re
from typing import Final

import msgspec

from posthouse.channels.email.returned.codes import judge_code
from posthouse.channels.email.returned.phrases import CLOSED_MAILBOX, MOVED, NO_DOMAIN, NO_MAILBOX, Rule, judge_words
from posthouse.channels.email.returned.stages import Stage, stage_in
from posthouse.channels.email.returned.words import code_in, enhanced_in, fold, plain
from posthouse.core.suppressions.model import Verdict

# Where a server quotes the other one: what follows are the remote's own words.
_QUOTED: Final = re.compile(
    r"remote host said:|<<< |said:|responded(?: as follows| with failure)?:|error (?:that the other server )?returned was:"
    r"|response from the remote server was:|reason:|because:|the error was:|error message:|diagnostic-code:|delay reason:"
    r"|technical details of (?:permanent|temporary) failure:|server response:|response:|with the (?:following )?error:?|error text:",
    re.IGNORECASE,
)
_REPLY: Final = re.compile(r"(?<![\w.:/@-])[45]\d\d(?!-\d{3}-)[ -]#?[ -]?(?:[45]\.\d{1,3}\.\d{1,3}[ -])?")
# Some gateways put a gloss before the other server's words: 5.1.0 - Unknown address error 550-'…'
_GLOSSED: Final = re.compile(r"^\s*\d\.\d\.\d - [^'\n]{0,80}(\d{3})-'([^\n]{1,1500})'")
# Japanese mobile networks answer like this to mail that the person's own filter refuses, after they took the content.
_HIDDEN_FILTER: Final = re.compile(r"55\d[: ]{1,3}: user unknown|unknown user \S{1,64}@docomo\.ne\.jp", re.IGNORECASE)
_DIRECTORY: Final = re.compile(r"directory|address book|ディレクトリ|アドレス帳", re.IGNORECASE)
_DISGUISE: Final = re.compile(
    r"user unknown|unknown user|no such (?:user|person)|does not exist|invalid address", re.IGNORECASE
)
_A_SENTENCE: Final = 8
"""Words that make an answer more than the bare "user unknown"."""

# Where it was refused, in Postfix' words behind the remote's: "mail from" there says nothing about the sender.
_AT_STAGE: Final = re.compile(r"\(in reply to [^()]{1,60}\)")

# "The following recipient(s) could not be reached:" announces; what follows is another sentence.
_ANNOUNCED: Final = re.compile(
    r"following (?:recipient|address|mailbox|person|people|user)\w{0,3}(?:\(\w{1,3}\))?[^.;:]{0,60}:", re.IGNORECASE
)

_BY_CODE: Final = "the enhanced status code"
_MAY_PASS: Final = frozenset({NO_DOMAIN, CLOSED_MAILBOX, MOVED, _BY_CODE})
"""What is not for good where the code says so; servers that answer 450 to unknown users mean it."""
_NOTHING: Final = Rule("nothing that we know", Verdict.UNKNOWN, "", vague=True)
_TEMPORARY: Final = Rule("a temporary code", Verdict.SOFT, "", vague=True)
_BETTER: Final = frozenset({Verdict.HARD, Verdict.FULL})


class Told(msgspec.Struct, frozen=True):
    """All that a report tells about one person."""

    words: str = ""
    """The remote's own words (Diagnostic-Code), when they are told apart."""
    human: str = ""
    """What is said to people about this person."""
    status: str = ""
    """The Status field."""
    delayed: bool = False


class Judged(msgspec.Struct, frozen=True):
    """The outcome."""

    verdict: Verdict
    enhanced: str
    code: int
    words: str


class _Case(msgspec.Struct, frozen=True):
    """What the verdict is found from."""

    quoted: str
    human: str
    enhanced: str
    code: int
    told: Told

    @property
    def temporary(self) -> bool:
        """Whether the answer itself says that it may pass."""
        return self.told.delayed or self.enhanced.startswith("4") or 400 <= self.code < 500


def judge(told: Told) -> Judged:
    """Reads the verdict: the remote's words, then its codes, then what is said to people, then whether it may pass."""
    quoted = told.words or quoted_words(told.human)
    human = told.human
    glossed = _GLOSSED.match(quoted)
    if glossed:
        quoted, human = f"{glossed[1]} {glossed[2]}", ""
    elsewhere = "" if told.words else told.human
    enhanced = _best_code(enhanced_in(quoted), enhanced_in(told.status), enhanced_in(elsewhere))
    case = _Case(quoted, human, enhanced, code_in(quoted) or code_in(elsewhere), told)
    verdict = _doubted(_rule(case), case)
    return Judged(verdict, enhanced, case.code, fold(quoted or told.human))


def _rule(case: _Case) -> Rule:
    """The row that fits best."""
    rule = judge_words(plain(_AT_STAGE.sub("", case.quoted))) if case.quoted else None
    by_code = judge_code(case.enhanced)
    if rule:
        return _better(rule, by_code, case) if rule.vague else rule
    if by_code and case.quoted:
        return Rule(_BY_CODE, by_code, "")
    rule = judge_words(plain(_ANNOUNCED.sub(" . ", case.human[:8_000])))
    if rule:
        return rule
    if by_code:
        return Rule(_BY_CODE, by_code, "")
    return _TEMPORARY if case.temporary else _NOTHING


def _better(vague: Rule, by_code: Verdict | None, case: _Case) -> Rule:
    """What says more than vague words: a number that has one meaning only, or better words nearby."""
    if by_code is Verdict.BLOCK:
        return Rule(_BY_CODE, by_code, "")
    better = judge_words(plain(case.human))
    return better if better and not better.vague and better.verdict in _BETTER else vague


def _doubted(rule: Rule, case: _Case) -> Verdict:
    """A hard verdict suppresses a person: it is softened where the report itself casts doubt on it."""
    stage = stage_in(" ".join(f"{case.told.human[:4_000]} {case.quoted}".lower().split()))
    if stage is Stage.HELLO and rule.vague and rule.verdict in {Verdict.UNKNOWN, Verdict.POLICY}:
        return Verdict.BLOCK
    if stage is Stage.SENDER and rule.verdict is Verdict.UNKNOWN:
        return Verdict.POLICY
    if rule.verdict is not Verdict.HARD:
        return rule.verdict
    return _doubted_hard(rule, case, stage)


def _doubted_hard(rule: Rule, case: _Case, stage: Stage) -> Verdict:
    if case.told.delayed or (case.temporary and rule.why in _MAY_PASS):
        return Verdict.SOFT
    if stage is Stage.CONTENT or _HIDDEN_FILTER.search(f"{case.quoted}\n{case.told.human[:4_000]}"):
        return Verdict.BLOCK
    if stage in {Stage.SENDER, Stage.HELLO}:
        return Verdict.POLICY
    return Verdict.BLOCK if stage is Stage.UNTOLD and rule.why == NO_MAILBOX and _bare(case) else Verdict.HARD


def _bare(case: _Case) -> bool:
    """Whether it is the bare "user unknown" without a code about addresses: so answer filters as well as mailboxes."""
    if case.enhanced[1:3] == ".1" or _DIRECTORY.search(case.quoted) or not _DISGUISE.search(case.quoted or case.human):
        return False
    if case.code:
        return len(plain(case.quoted).split()) < _A_SENTENCE
    return bool(case.told.words)


def quoted_words(human: str) -> str:
    """The remote's own words inside what is said to people; empty when they are not told apart."""
    text = human[: 1 << 14]
    start = -1
    for found in _QUOTED.finditer(text):
        start = found.end()
    if start < 0 or not text[start:].strip():
        reply = _REPLY.search(text)
        start = reply.start() if reply else -1
    if start < 0:
        return ""
    words, _, _ = text[start:].lstrip().partition("\n\n")
    return words[:2_000]


def _best_code(*codes: str) -> str:
    """The first that says something; ``5.0.0`` says nothing."""
    told = [code for code in codes if code]
    return next((code for code in told if not code.endswith(".0.0")), told[0] if told else "")

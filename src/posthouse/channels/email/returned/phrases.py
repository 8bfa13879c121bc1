"""What the words of servers mean: a table, read from top to bottom; the first row that fits decides.

The rows are sought in text prepared by :func:`posthouse.channels.email.returned.words.plain`: lower case, one line,
without addresses, links and repeated reply codes. What is more special stands higher: "domain of sender address does
not exist" is about us and must not be read as a missing mailbox, "listed because of a missing PTR" is about DNS.

Every gap between words is bounded, so that no text, however hostile, takes more than linear time.
"""

import functools
import re
from typing import Final

import msgspec

from posthouse.channels.email.returned.tongues import (
    BLOCKED,
    CLOSED,
    FILES,
    FULL,
    GONE,
    LATER,
    NO_RELAY,
    REFUSED,
    SENDER,
    SPAM,
    TOO_LARGE,
    bare,
)
from posthouse.core.suppressions.model import Verdict

_WHO: Final = (
    r"(?:user|users|recipient|recipients|mailbox|mail box|account|e-?mail|address|addressee|alias|person|member|inbox"
    r"|customer|subscriber|login)"
)


class Rule(msgspec.Struct, frozen=True):
    """A row: these words mean that."""

    why: str
    verdict: Verdict
    words: str
    vague: bool = False
    """Whether better words nearby should be preferred."""


NO_MAILBOX: Final = "there is no such mailbox"
NO_DOMAIN: Final = "there is no such domain"
CLOSED_MAILBOX: Final = "the mailbox is closed"
MOVED: Final = "the person has moved"

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "a hosting panel that knows no more than this",
        Verdict.HARD,
        r"account or domain may not exist",
    ),
    Rule(
        "the domain says that it takes no mail (RFC 7505), or never did",
        Verdict.HARD,
        r"(?<!sender address has )null ?mx|indicated no smtp service|does ?n[o']t accept (?:any )?(?:e-?mail|"
        r"mail)\b(?! from)|no longer accept(?:s|ing)? (?:e-?mail|mail)|"
        r"(?:system|host|domain|site|machine) (?:is )?not (?:accepting|capable of receiving|"
        r"configured to (?:accept|receive)) (?:network )?(?:messages|mail)|"
        r"smtp not supported|malformed or unexpected name server reply|mail receiving (?:is )?disabled|"
        r"no mail is accepted",
    ),
    Rule(
        "our host name or its reverse DNS",
        Verdict.POLICY,
        r"\bptr\b|\bdns-p\d|\br(?:everse)?[ -]?dns\b|reverse[ -](?:lookup|name|mapping|address|resolution|ip)|(?:ip|client|"
        r"host) name lookup failed|"
        r"(?:cannot|can't|could not|unable to|fail(?:ed|ure)?(?: to)?) (?:find your (?:reverse )?hostname|"
        r"resolve your (?:host|ip|address)|reverse)|"
        r"unverifyable sending ips?|mismatch(?:es)? client ip|client host rejected: cannot find your|unresolvable|"
        r"(?:no|without a?) (?:valid )?(?:reverse|sender) (?:dns|domain\b)|hostname (?:mismatch|"
        r"does not (?:match|resolve))|"
        r"(?:does not|doesn't|not) (?:match|resolve)[^.;]{0,30} (?:hostname|host name|reverse)|"
        r"forged (?:hostname|helo)|invalid helo|helo (?:command )?rejected|"
        r"(?:helo|ehlo) (?:name |argument |hostname |string )?(?:is )?(?:invalid|not (?:valid|fully)|rejected|"
        r"must)|need fully-?qualified hostname",
    ),
    Rule(
        "SPF, DKIM, DMARC and other proof of the sender",
        Verdict.POLICY,
        r"\bspf\b|\bdkim\b|\bdmarc\b|\bdomainkeys?\b|sender[ -]?id\b|unauthenticated|authentication (?:checks?|"
        r"information|failed|fail)|"
        r"not (?:pass|authenticated)|purported responsible|sender policy framework|arc validation|"
        r"fails? authentication|"
        r"sender (?:is )?not authenticated|authentication (?:is )?required|must (?:be )?authenticat",
    ),
    Rule(
        "the server relays for others only",
        Verdict.POLICY,
        r"relay(?:ing)?[ -](?:access )?(?:is )?(?:denied|not (?:permitted|allowed)|prohibited|rejected|"
        r"disallowed|restricted|forbidden)|"
        r"(?:unable|not allowed|not permitted|refuse[ds]?|denied|cannot|can't|not) (?:to )?relay|"
        r"relay(?:ing)? (?:mail )?(?:to|from|through)[^.;]{0,40}(?:denied|prohibited|not)|"
        r"insecure mail relay|no relay|don't relay|we do not relay|not (?:a|an) (?:open )?relay|"
        r"isn't in my list of allowed rcpthosts|not in my list of allowed|(?<!user )(?<!or )not local|" + NO_RELAY,
    ),
    Rule(
        "the sender's address or domain",
        Verdict.POLICY,
        r"domain of sender|sender address has null mx|unexpected volume or user complaints|"
        r"sender(?:'s)?(?: e-?mail)?(?: address)?(?: domain)?[^.;]{0,20}(?:rejected|does not exist|doesn't exist|"
        r"not (?:found|exist|valid|accepted|allowed|verified)|"
        r"invalid|denied|unknown|unverified|unresolvable|refused|unrout(?:e)?able)|(?:invalid|unknown|bad|"
        r"unverified|rejected|unroutable) (?:return address|sender|envelope sender|from address)|"
        r"(?:verify|verification for|verification of|callout|callback)[^.;]{0,20}sender|sender verif|"
        r"(?:could not|cannot|can't|unable to) (?:verify|resolve) (?:the )?sender|"
        r"(?:from|sender) address (?:is )?(?:blocked|not)|you are not allowed to (?:send|post)|"
        r"not (?:authori[sz]ed|permitted|allowed) to send|return path (?:is )?invalid|"
        r"mailfrom|mail from (?:address|command|domain)|(?:envelope|header) from|must resolve|sender blocked|"
        r"sender(?:'s)? domain (?:has|with) no (?:valid )?mx|" + SENDER,
    ),
    Rule(
        "an administrator's rule",
        Verdict.POLICY,
        r"administrative prohibition|organi[sz]ation policy|transport.rules",
    ),
    Rule(
        "a closed group or list",
        Verdict.POLICY,
        r"groups.google.com|send mail as|group you tried to contact|permission to post|permissions to post|"
        r"not (?:a member|subscribed|allowed to post)|only members|members only|"
        r"restricted (?:group|list|recipient)|notallowed|restr.?rcpt|not accept(?:ing)? (?:messages|"
        r"mail) from (?:anyone|external|outside|senders)",
    ),
    Rule(
        "the mailbox is full",
        Verdict.FULL,
        r"(?:mail ?box|inbox|mail ?folder|maildir|account|mail ?store|storage|quota|mail drop|disk quota|"
        r"mailspool)(?:(?!\brate\b)[^.;]){0,30}\b(?:full|exceed\w*|over\b|exhausted|over ?quota|out of (?:space|storage|room|"
        r"disk|quota))|"
        r"(?:over|exceed\w*|above|out of|beyond|hit|reached|not enough|insufficient(?! system))[^.;]{0,40}\b(?:quota|"
        r"storage|mailbox (?:size|limit|space)|allocation|allotted|disk space|mail ?box|space (?:for|in|left|"
        r"on) (?:mail|the user|user|recipient|account|inbox))|"
        r"\bover ?quota\b|quota (?:is )?(?:exceeded|violation|full|reached|limit)|mailfull|mailbox_?full|"
        r"user is over|message is larger than the space available|"
        r"(?:too much|no more|no) (?:mail|space|room)[^.;]{0,20}(?:mailbox|account|inbox)|"
        r"(?:mailbox|account|inbox|quota|storage)\b[^.;]{0,40}\blimit\b[^.;]{0,30}\breached|"
        r"(?:mailbox|account|inbox|user)\b[^.;]{0,30}\bno (?:more )?(?:free )?(?:space|room)|" + FULL,
    ),
    Rule(
        "a loop",
        Verdict.SOFT,
        r"\b(?:mail|routing|message) loop|hop ?count|too many hops|maximum hop|\blooping|\bloops back",
    ),
    Rule(
        "mail comes faster than the receiver likes",
        Verdict.SOFT,
        r"server (?:is )?(?:unavailable|busy)|too busy|"
        r"receiving mail at a rate|receiving mail too quickly|too (?:many|much) (?:\w+ ){0,3}(?:connections?|"
        r"sessions?|messages?|mails?|emails?|traffic|requests|recipients|concurrent|invalid|errors|unknown)|"
        r"connection (?:rate|limit|frequency)|rate limit exceeded|exceeded the rate limit|throttl|(?:message|"
        r"mail|sending|receiving) (?:rate|limit)[^.;]{0,20}exceed|"
        r"concurren|gr[ae]y.?list|slow down|too fast|too frequent|message quota|frequency limited|"
        r"maximum (?:number of )?connections|daily (?:message|sending|mail)? ?(?:quota|limit)|hourly",
    ),
    Rule(
        CLOSED_MAILBOX,
        Verdict.HARD,
        rf"\b{_WHO}\b[^.;:]{{0,60}}\b(?:disabled|inactive|in-active|suspended|de-?activated|not active|locked|"
        r"frozen|expired|terminated|cancel(?:l)?ed|closed|deleted|discontinued|blocked due to inactivity|"
        r"no longer (?:available|active|valid|in use|in service|works|exists|monitored|on server))\b|"
        r"\b(?:disabled|inactive|suspended|deactivated|locked|expired|deleted|closed|terminated|cancelled|"
        rf"dormant) \b(?:{_WHO})\b|"
        r"administratively disabled|not an active (?:address|account|user|mailbox)|"
        r"account[^.;]{0,20} is not available|user is inactive|no longer (?:works (?:here|for|with)|employed|"
        r"with (?:us|the company))|\b(?:has|have) left (?:the|our|this|us)\b|" + CLOSED,
    ),
    Rule(
        "a list of bad senders has us, or our reputation is poor",
        Verdict.BLOCK,
        r"\bblk-p\d|\((?:rly|hvu|con|dyn|rtr|ld\w{0,4}):|will not accept delivery|permanently deferred|traffic not accepted|"
        r"spamhaus|spamcop|sorbs|barracuda|uceprotect|surbl|abuseat|abusix|senderbase|senderscore|cloudmark|"
        r"invaluement|"
        r"unsolicited mail originating from your ip|banned send(?:ing ip|er)|black ?-?list|block ?-?list|deny ?-?list|"
        r"\bd?n?s?r?bl\b|\bdnsbl\b|\brbl\b|blocked (?:using|by (?!the recipient)|due(?! to (?:its |the |spam )?content)|"
        r"because(?! its content)|for)|reputation|"
        r"(?<!not )listed (?:in|at|on|by)|(?:client|your|sending|connecting|remote) (?:host|ip|server|network|"
        r"machine|address)\b(?! (?:returned|said))[^.;]{0,40}(?:reject|block|denied|banned|refused|blacklist|listed|prohibit|"
        r"not (?:allowed|accepted|permitted))|"
        r"(?:ip|ip address|network|relay)\b[^.;]{0,30}(?:has been |is |"
        r"was )?(?:temporarily )?(?:blocked|banned|blacklisted|listed|rejected|refused|denied)|"
        r"(?:blocked|banned|refused?|rejected|denied|reject) (?:your |the |this )?(?:ip|client|host|server|"
        r"network|connection from|mail(?:s)? from|by ip)|open (?:relay|proxy)|dynamic (?:ip|address|host)|"
        r"dial-?up|residential|"
        r"(?:access|connections?|mail) from (?:your |this |the )?(?:ip|mail server|server|host|network|dynamic|"
        r"mta)|no access from|my name was rejected|compromised|bogon|"
        r"refused to talk|(?:is )?not accepting connections?|not accept(?:ing)? (?:mail|messages|connections?|"
        r"e-?mails?) from (?:your|this|dynamic|the)|bad (?:host|client)|invalid domain name|"
        r"smtp service not available|service not available, closing|delist|smtp server of your isp|"
        r"directory harvest|(?:harvest|dictionary)(?:ing)? attack|"
        r"sending to (?:too many )?(?:invalid|unknown|non-?existent)|"
        r"use your (?:isp|provider)|" + BLOCKED,
    ),
    Rule(
        "a filter of the receiver's is out of order, or mail comes too fast for no worse reason",
        Verdict.SOFT,
        r"\brate[ -]?limit(?:ed|ing)\b|too (?:quickly|often)\b|"
        r"(?:scanner|virus check|spamassassin|content filter|milter|filter (?:service|server))\b[^.;]{0,30}"
        r"(?:unavailable|not (?:available|running|reachable|respond\w*)|time-?out|timed out|fail(?:ed|ure)\b|crashed)",
    ),
    Rule(
        "it looks like spam",
        Verdict.CONTENT,
        r"\bspam\b|spam(?:my|ming|score|assassin|detect| filter)|unsolicited|\bube\b|\buce\b|\bjunk\b|"
        r"bulk (?:mail|e-?mail)|looks like|appears? to be|high (?:spam )?score|phishing|spamlike|"
        r"content (?:filter|reject|policy|block|scan|restriction|not|denied)|because its content|message content|(?:contains?|found) (?:a |"
        r"an |suspicious |forbidden |banned |blocked )?(?:url|link|word|phrase|content)|rejected by content|"
        r"suspicious|dspam|bayes|\bdt:sp[mt]\b|" + SPAM,
    ),
    Rule(
        "a virus, or a file that is not let in",
        Verdict.CONTENT,
        r"quarantin|file \w{0,40} ?has been blocked|\bvirus|\bviruses|malware|infected|trojan|worm\b|attachment|executable|file type|banned (?:file|"
        r"content|name)|dangerous|" + FILES,
    ),
    Rule(
        "too large",
        Verdict.CONTENT,
        r"(?:message|mail|e-?mail|header|headers|body|data|letter|size|length|msg|"
        r"total)\b[^.;]{0,40}(?:too (?:large|big)|is too long(?! in)|exceeds?\b|exceeded|over ?size|larger than|larger|is over|"
        r"maximum|(?<!time )limit)|"
        r"(?:too (?:large|big|long)|oversized?) (?:a )?(?:message|mail|e-?mail|body|header|for)|message size|"
        r"size limit|(?:exceeds?|larger than|over) [^.;]{0,40}(?:message size|size limit|maximum size|"
        r"fixed limit|size)|message length|maximum (?:allowed )?(?:message )?size|sizelimit|line limit|too large|"
        r"too big|" + TOO_LARGE,
    ),
    Rule(
        "malformed message",
        Verdict.CONTENT,
        r"\bmsg-p\d|multiple addresses in from|(?:not|non-?|isn't)[ -]?(?:\w+ )?(?:rfc|compliant|compliance|conform)|"
        r"rfc ?-?(?:2822|822|5322)|8-?bit data|bare (?:lf|cr|newline)|line (?:is )?too long|lines? longer|"
        r"(?:missing|invalid|malformed|duplicate|multiple|bad|no|improper|"
        r"illegal) (?:valid )?(?:\w+ ){0,2}(?:headers?\b|message-?id|from header|to header|date|subject|mime)|"
        r"header (?:is )?(?:missing|invalid|malformed)|from: header|message (?:is )?malformed|improper use|"
        r"mime (?:error|part)|conversion|charset|media not supported|character set|ascii|utf-?8|bad header|"
        r"non-encoded",
    ),
    Rule(
        NO_MAILBOX,
        Verdict.HARD,
        r"\b(?:unknown|invalid|illegal|bad|undeliverable|nonexistent|non-existent|non-existing|unrecognized|"
        rf"unrecognised|wrong|incorrect|obsolete|misspelled) (?:or (?:\w+ )?)?(?:\w+ )?{_WHO}|"
        rf"\b{_WHO}\b[^.;]{{0,60}}\b(?:unknown|invalid|(?:can ?)?not (?:be )?(?:found|exist|known|valid|listed|present|in use|"
        r"recogni[sz]ed|registered|have|here|a valid|on this|defined|available|resolve[d]?|locate[d]?|unique)|"
        r"does ?n[o']t (?:exist|have|match)|doesn't exist|don't exist|didn't exist|unavailable|undeliverable|"
        r"do not exist|isn't (?:known|found|valid|here)|could not be found|couldn't be found|cannot be found|"
        r"wasn't found|was not found|lookup failed|nonexistent)|"
        rf"\bno (?:such|valid|matching|known|local|one|active)(?: \w+)? (?:{_WHO}|person|here|at this|by that|"
        r"with that|name|exists?)|\bno (?:mail ?box|account|recipients?\b|users?\b)|"
        r"\brcp-p\d|\bno such (?!file|domain|host|command|process)|user_?(?:not_?found|unknown)|recip(?:ient)?notfound|"
        r"nosuchuser|not our (?:customer|user)|isn't known here|(?:is )?not known (?:here|at|to)|not (?:a |"
        r"an )?(?:known|valid|local|existing|active|registered|current|legal) (?:local |active |e-?mail )?"
        rf"{_WHO}|"
        r"unrout(?:e)?able (?:address|recipient)|address (?:is )?(?:unroutable|unknown|unrouteable)|"
        r"couldn't find (?:any|this|the|a) (?:user|account|address|mailbox|recipient)|"
        r"(?:cannot|can't|could not|couldn't|unable to|failed to|not) (?:be )?(?:find|found|locate|route|verify|"
        r"identify|recogni[sz]e|resolve) (?:the |this |a |your |that )?(?:\w+ )?"
        rf"{_WHO}|"
        r"(?:doesn't|does not|do not) have (?:a|an|any)[^.;]{0,30}(?:account|mailbox)|"
        r"account (?:that )?you tried to reach|not listed in (?:the |public |domino |our )|"
        r"(?:please )?check (?:if |the )?(?:address|recipient|spelling)|"
        r"(?:isn't|is not|not) (?:in|on) (?:the |my |our )?list of (?:\w+ )?(?:recipients|users|mailboxes)|"
        r"not (?:present |listed |found )?in (?:the |our |this )?(?:directory|address book|user list|user database)|"
        r"invalid final delivery|delivery user|unknown local[- ]part|destination mailbox|"
        r"address (?:was )?not found|recipient (?:address )?(?:was )?rejected: (?:access denied|undeliverable)|" + GONE,
    ),
    Rule(
        MOVED,
        Verdict.HARD,
        r"(?:mailbox|domain) owner has changed|\b(?:has|have) moved|new (?:e-?mail )?address|changed (?:his|her|"
        r"their|my|our|its) (?:e-?mail )?address|address (?:has )?changed|user not local; please try|moved (?:to|"
        r"permanently)",
    ),
    Rule(
        "a name server that did not answer",
        Verdict.SOFT,
        r"(?:not found|lookup failure|name service error)[^.]{0,20}try again",
    ),
    Rule(
        NO_DOMAIN,
        Verdict.HARD,
        r"cannot find domain|host (?:is )?unknown|unknown (?:host|domain|mail host|destination|server)|find any host|(?:host|domain|"
        r"domain name|mail server|hostname)\b[^.;]{0,40}(?:not (?:be )?(?:found|exist|resolved|valid)|"
        r"does not exist|doesn't exist|unknown|invalid|couldn't be found|lookup failure)|"
        r"invalid (?:domain|host|hostname|mx)|no such (?:domain|host)|nxdomain|(?:illegal|bad|unroutable|"
        r"unrouteable|non-?existent) (?:host|domain|mail domain|destination)(?:/domain)?|"
        r"name or service not known|no (?:mx|a record|mail server|mail exchanger|dns|valid mx|"
        r"address associated)|"
        r"all relevant mx records point to non-existent|domain (?:is not|isn't|not) (?:reachable|hosted|found|local)|"
        r"unable to (?:look ?up|resolve|find|route to) (?:the |this |destination |recipient )?(?:domain|host)|"
        r"lookup of[^;]{0,40}nxdomain",
    ),
    Rule(
        "it took too long, or nobody answered",
        Verdict.SOFT,
        r"verification in progress|have been failing|best-preference mx|timed? ?-?out|time-?out|retry time|"
        r"retry limit|retr(?:y|ies) (?:period|exhausted|exceeded)|(?:delivery|message|"
        r"queue) (?:time )?(?:has )?expired|queue.?expired|expired|"
        r"(?:been )?in (?:the )?queue (?:for )?(?:too long|more)|too long in queue|giving up|"
        r"could not (?:be delivered|deliver) (?:for|within|in)|connection (?:refused|reset|lost|closed|dropped|"
        r"timed|died|failed|failure|aborted|broken|error)|(?:could not|couldn't|cannot|can't|unable to|failed to|"
        r"wasn't able to) (?:establish|connect|open|contact)|"
        r"network (?:is )?(?:unreachable|error|down|problem)|no route to host|host (?:is )?(?:down|unreachable|"
        r"name lookup failure)|not respon|did(?:n't| not) respond|did not accept our requests to connect|"
        r"socket error|dns (?:error|failure|server)|name (?:server|service) (?:error|failure|timeout)|"
        r"try again|host not found, try|name lookup fail|(?:mail|routing) loop|loops? (?:back|detected)|loop|"
        r"too many (?:hops|received)|hop ?count|maximum hop|unable to (?:connect|reach)|(?:host|server|"
        r"destination|network) (?:is )?(?:not reachable|unreachable|not available)|"
        r"not (?:been )?(?:yet )?(?:been )?delivered|delayed|deferred|no answer|bad connection|lost connection|"
        r"delivery time|" + LATER,
    ),
    Rule(
        "the other system has trouble of its own",
        Verdict.SOFT,
        r"(?:system|internal|local|server|mailer|software|temporary|temporarily|transient|technical|unexpected|"
        r"configuration|database|i/o|disk|protocol|processing|lookup|alias)[ -]?(?:\w+ )?(?:error|failure|"
        r"problem|unavailable|fault|difficulties|fail)|"
        r"mailer error|command (?:failed|died|output)|(?:child|process|exit) (?:status|code|with)|\bpipe\b|"
        r"unable to (?:run|execute|open|write|create|process)|can't (?:create|open|write|run|append)|"
        r"cannot (?:append|open|write|create|update|lock|store)|"
        r"(?:disk|file ?system|system|queue|spool)[^.;]{0,15}full|insufficient (?:system )?(?:storage|resources?|"
        r"space|memory|disk)|out of (?:memory|disk|resources)|no space left|lack of|"
        r"service (?:is )?(?:currently |temporarily )?(?:not available|unavailable)|transaction failed(?! reject)|"
        r"(?:syntax|command) (?:error|unrecogni[sz]ed|not (?:implemented|recogni[sz]ed|understood))|"
        r"unrecogni[sz]ed command|(?:bad|improper) sequence|malformed address|incorrectly constructed|"
        r"unspecified|resources temporarily|temporarily|returned error|mailing list expansion|not capable of|"
        r"incorrectly configured|unable to route|congestion|invalid command|wrong protocol|backend|\bint-[pt]\d|\bcon-t\d|i/o error|"
        r"permission denied|procmail|maildrop|local delivery|pipe to \|",
        vague=True,
    ),
    Rule(
        "the receiver or the person refuses it",
        Verdict.BLOCK,
        r"you have been blocked|blocked by (?:the |this )?(?:recipient|user)|(?:recipient|user|mailbox|customer|"
        r"owner|addressee) (?:has |had |has been )?(?:refuse[ds]?|reject(?:s|ed)?|block(?:s|ed)|does not (?:want|"
        r"wish|accept)|only accepts|is not accepting|not accept)|"
        r"not accepting (?:mail|messages|e-?mail)|filter|message (?:was |has been )?(?:blocked|filtered)|"
        r"refused by (?:the )?(?:recipient|user)|rejected by (?:the )?(?:recipient|user|addressee)|"
        r"due to extended inactivity|access not allowed|blocked|" + REFUSED,
    ),
    Rule(
        "some other rule of the receiver",
        Verdict.POLICY,
        r"policy|policies|user complaints|identities failed|is not verified|cryptographic|integrity|"
        r"advertise auth|not (?:authori[sz]ed|permitted|allowed|acceptable)|unauthori[sz]ed|"
        r"access (?:is )?(?:denied|refused)|permission|prohibit|forbidden|security|\btls\b|encrypt|starttls|"
        r"certificate|(?:administrat|local)\w* (?:prohibition|reject|block|reason)|restrict|violat|"
        r"denied by|rejected by (?:the )?(?:administrator|admin|policy|system|server|header|rule)|authori[sz]|\bdenied\b|\bpol-p\d",
        vague=True,
    ),
    Rule(
        "the recipient's address was rejected, no reason told",
        Verdict.HARD,
        r"(?:recipient )?address (?:was )?rejected|recipient (?:was )?rejected|does not like recipient|"
        r"rejected recipient|recipient (?:not accepted|verification)|mailbox",
        vague=True,
    ),
)


@functools.cache
def _compiled() -> tuple[tuple[Rule, re.Pattern[str]], ...]:
    """The rows' expressions: a tenth of a second, which only a process that reads refusals pays."""
    return tuple((rule, re.compile(bare(rule.words))) for rule in RULES)


def get_ready() -> None:
    """Makes the expressions now: who sends does so as it starts, for the first refusal must not hold up what is sent beside it."""
    _compiled()


def judge_words(text: str) -> Rule | None:
    """The row that fits a text prepared by ``plain``; None when no row does."""
    text = bare(text)
    for rule, pattern in _compiled():
        if pattern.search(text):
            return rule
    return None

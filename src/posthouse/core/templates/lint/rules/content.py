"""Rules about words: subject, preheader, text, languages."""

from typing import Final

from posthouse.core.templates.lint.model import Rule, Severity

CONTENT: Final = (
    Rule(
        "cannot-publish",
        Severity.ERROR,
        "The template cannot be published as it is; the detail says why.",
        "Do what the detail says.",
    ),
    Rule(
        "subject-long",
        Severity.WARNING,
        "The subject, with the sample's values, has over 60 characters. Most lists cut it there, phones at about 40.",
        "Say the important thing first, and leave the rest to the preheader.",
    ),
    Rule(
        "subject-shouting",
        Severity.WARNING,
        "The subject is written in capitals or with several exclamation marks: readers and filters take it for advertising.",
        "Write it as a sentence.",
    ),
    Rule(
        "preheader-missing",
        Severity.WARNING,
        "There is no preheader: the list of mails shows the first words of the body instead, often a link or a logo's name.",
        "Add <mj-preview>…</mj-preview>, or in HTML a hidden first element with one sentence.",
    ),
    Rule(
        "text-derived",
        Severity.INFO,
        "The text part is derived from the HTML.",
        "Nothing, if it reads well; write email.LOCALE.txt if it does not.",
    ),
    Rule(
        "text-empty",
        Severity.WARNING,
        "The text part is empty: some readers show nothing, and filters take a mail without text for advertising.",
        "Write email.LOCALE.txt.",
    ),
    Rule(
        "translation-missing",
        Severity.WARNING,
        "A sentence is the same in two languages: it was probably not translated.",
        "Translate it. If it must be the same (a slogan), put the rule into lint_ignore in template.toml.",
    ),
    Rule(
        "plural-forms",
        Severity.WARNING,
        "A plural has no form for a category that whole numbers of this language fall into (Russian: one, few, many).",
        "Add the form: n|plural(one='…', few='…', many='…', other='…').",
    ),
    Rule(
        "locale-unknown",
        Severity.WARNING,
        "CLDR knows no such language: numbers and dates are written in English forms.",
        "Correct the locale in the file's name.",
    ),
    Rule(
        "unsubscribe-missing",
        Severity.WARNING,
        "A commercial mail has no link to unsubscribe: the law asks for one in most countries, and so do the large mailboxes.",
        "Add a link whose address or variable says unsubscribe.",
    ),
    Rule(
        "promotion-share",
        Severity.WARNING,
        "A transactional message is for a good part promotion (over a fifth of its words, or over half of its links): the law may then take it for "
        "advertising, which needs consent. Counted are slots, elements of the class ph-slot, and sentences with the words of advertising in "
        "English, French, Spanish and Russian (rendering/lint/promotion.toml); pictures are not read.",
        'Say less of it, move it into a message of its own, or make the template commercial (category = "commercial").',
    ),
)

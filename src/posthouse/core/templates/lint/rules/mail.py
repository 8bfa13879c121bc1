"""Rules about markup: images, links, size, colours, and what mail programs leave out."""

from typing import Final

from posthouse.core.templates.lint.model import Rule, Severity

MAIL: Final = (
    Rule(
        "image-alt",
        Severity.WARNING,
        "An image has no alt: who cannot see it, or does not load images, learns nothing; screen readers spell the file's name.",
        'Say what it shows, or alt="" when it is decoration.',
    ),
    Rule(
        "image-missing",
        Severity.WARNING,
        "An image is not there: nothing travels with the mail under its name, its address is none, or its host says that it has no such image.",
        "Upload it (posthouse uploads add) and name it in [[attachments]], or write its address on the Internet.",
    ),
    Rule(
        "image-large",
        Severity.WARNING,
        "An image has over 1 MB (1,048,576 bytes): telephones load it late or not at all. Images on other hosts are asked for with --online only.",
        "Save it at twice the width it is shown at, as JPEG or PNG with fewer colours.",
    ),
    Rule(
        "image-unjudged",
        Severity.INFO,
        "An image could not be judged; the detail says why. Images on other hosts are asked for with --online only.",
        "Look at it yourself.",
    ),
    Rule(
        "html-lang",
        Severity.WARNING,
        "The HTML does not say its language, or another one, or not that it is written from right to left: screen readers speak it wrongly.",
        'Write <html lang="LOCALE">, and dir="rtl" for Arabic, Hebrew, Persian and Urdu.',
    ),
    Rule(
        "table-role",
        Severity.WARNING,
        "A table that lays things out does not say so: screen readers read rows and columns, and the derived text has it as a table.",
        'Write role="presentation" on it. A table of data has <th> cells.',
    ),
    Rule(
        "dark-scheme",
        Severity.INFO,
        "The HTML does not say what it looks like in the dark: mail programs turn its colours round as they see fit.",
        'Write <meta name="color-scheme" content="light dark"> and colours for prefers-color-scheme: dark, or content="light only".',
    ),
    Rule(
        "link-label",
        Severity.WARNING,
        "A link has no words: screen readers spell its address, and without images there is nothing to press.",
        "Put words between the tags, or an alt on the image inside.",
    ),
    Rule(
        "link-dead",
        Severity.WARNING,
        "A link leads nowhere: no address, #, a script, or an anchor that does not exist.",
        "Give it its address, or the target its id.",
    ),
    Rule(
        "link-http",
        Severity.WARNING,
        "An address is not encrypted: browsers warn, mail programs refuse to load the image.",
        "Write https://.",
    ),
    Rule(
        "link-placeholder",
        Severity.WARNING,
        "An address leads to this machine, a private network or a name reserved for examples: readers get an error page.",
        "Write the real address, or a variable.",
    ),
    Rule(
        "html-size",
        Severity.WARNING,
        "The HTML, rendered with the sample, has over 102 KB: Gmail shows the beginning only.",
        "Shorten it; much of it is often inline style repeated in each line of a table.",
    ),
    Rule(
        "contrast",
        Severity.WARNING,
        "Text and background are too alike (WCAG 2.2 AA: 4.5 to 1, large text 3 to 1). Simple inline colours are compared, "
        "and those of a theme for dark mode.",
        "Make the text darker or the background lighter.",
    ),
    Rule(
        "css-unsupported",
        Severity.WARNING,
        "A style that a large mail program ignores, and without which the layout breaks there.",
        "Do what the detail says.",
    ),
    Rule(
        "css-look",
        Severity.INFO,
        "A style that a large mail program ignores; without it the mail looks plainer and stays readable.",
        "Nothing, if the plainer look will do.",
    ),
    Rule(
        "element-unsupported",
        Severity.WARNING,
        "An element that a large mail program takes out.",
        "Do what the detail says.",
    ),
    Rule(
        "element-look",
        Severity.INFO,
        "An element that a large mail program does not know; its words stay, what it does with them does not.",
        "Nothing, if the words alone will do.",
    ),
    Rule(
        "compiler-note",
        Severity.WARNING,
        "Something was changed or left out in compiling; the detail says what.",
        "Do what the detail says.",
    ),
    Rule(
        "slow",
        Severity.WARNING,
        "A macro, a block or a backslash escape rules out the wire form: dispatch encodes the whole body (ten times slower).",
        "Write the loop or condition where it is used; see docs/explain/wire-form.md.",
    ),
)

"""Rules about MJML: what the compiler would pass over in silence or break on."""

from typing import Final

from posthouse.core.templates.lint.model import Rule, Severity

MJML: Final = (
    Rule(
        "mjml-element",
        Severity.ERROR,
        "An element that MJML does not know; the compiler would leave it out in silence.",
        "Write the element that was meant; the detail names the nearest.",
    ),
    Rule(
        "mjml-attribute",
        Severity.ERROR,
        "An attribute that the element does not have; the compiler would ignore it in silence.",
        "Write the attribute that was meant; the detail names the nearest.",
    ),
    Rule(
        "mjml-alt",
        Severity.ERROR,
        "An mj-image has no alt.",
        'Say what it shows, or alt="" when it is decoration.',
    ),
    Rule(
        "mjml-class",
        Severity.ERROR,
        "Several classes in one mj-class: which of them wins differs between compilers.",
        "Give one.",
    ),
    Rule(
        "mjml-style",
        Severity.ERROR,
        "mj-style inline would be written into elements that loops repeat.",
        "Use attributes or mj-attributes.",
    ),
    Rule(
        "mjml-raw",
        Severity.ERROR,
        "An mj-raw directly inside mj-wrapper ends up inside a comment that Outlook alone reads.",
        "Put it into a column.",
    ),
    Rule(
        "mjml-tag",
        Severity.ERROR,
        "A template tag stands where MJML would lose or move it.",
        "Put it into an element's text, into an attribute's value, or around the element.",
    ),
    Rule(
        "mjml-layout",
        Severity.ERROR,
        "A template tag stands in an attribute that the layout is reckoned with.",
        "Write a constant width or height.",
    ),
    Rule(
        "mjml-cdata",
        Severity.ERROR,
        "CDATA, which the compiler would print as it stands.",
        "Write &lt; and &amp; for < and &.",
    ),
    Rule(
        "mjml-syntax",
        Severity.ERROR,
        "MJML is strict XML: an element is not closed, an & is bare.",
        "Close every element (<br />), write &amp; for &.",
    ),
)

"""All rules by their ids. A new rule is a line in one of these files and the check that names it."""

from typing import Final

from posthouse.core.templates.lint.model import Finding, Rule
from posthouse.core.templates.lint.rules.content import CONTENT
from posthouse.core.templates.lint.rules.mail import MAIL
from posthouse.core.templates.lint.rules.mjml import MJML
from posthouse.core.templates.lint.rules.mobile import MOBILE

RULES: Final[dict[str, Rule]] = {rule.id: rule for rule in (*CONTENT, *MAIL, *MJML, *MOBILE)}


def finding(rule: str, detail: str, *, pointer: str = "", file: str = "", line: int = 0) -> Finding:
    """A finding with the severity of its rule."""
    return Finding(rule, RULES[rule].severity, detail, pointer, file, line)

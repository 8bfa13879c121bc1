"""Templates whose only fault can be what is tried."""

import itertools
from typing import Any

from posthouse.core.templates.model import TemplateSource, VariantSource
from posthouse.core.templates.press import Press
from posthouse.rendering.checker import SchemaChecker
from posthouse.rendering.compiler import MinijinjaCompiler
from posthouse.rendering.lint.linter import MarkupLinter
from posthouse.rendering.renderer import MinijinjaRenderer

HIDDEN = '<div style="display:none">What it is about</div>'


class NoonClock:
    """Always noon."""

    def now(self) -> int:
        return 1_774_958_400_000_000

    def monotonic(self) -> int:
        return 0


def press(compiler: MinijinjaCompiler | None = None) -> Press:
    numbers = itertools.count(1)
    ids = lambda: next(numbers).to_bytes(16, "big")  # noqa: E731
    return Press(
        compiler or MinijinjaCompiler(), SchemaChecker(), MinijinjaRenderer(), MarkupLinter(), ids, NoonClock()
    )


def template(*variants: VariantSource, **given: Any) -> TemplateSource:
    return TemplateSource("order", "Order", variants, **given)


def html(body: str, **given: Any) -> TemplateSource:
    """A template whose only fault can be in the body."""
    variant = VariantSource("email", "en", "Your order", html=f"{HIDDEN}\n{body}", text="Hello")
    return template(variant, **given)


def mjml(inside: str, head: str = "<mj-preview>About</mj-preview>") -> TemplateSource:
    source = f"<mjml>\n<mj-head>{head}</mj-head>\n<mj-body><mj-section><mj-column>\n{inside}\n</mj-column></mj-section></mj-body></mjml>"
    return template(VariantSource("email", "en", "Your order", mjml=source, text="Hello"))


def subject(words: str, **given: Any) -> TemplateSource:
    return template(VariantSource("email", "en", words, html=f"{HIDDEN}<p>Hello</p>", text="Hello"), **given)


def translated(locale: str, body: str, title: str = "Votre commande") -> TemplateSource:
    english = VariantSource(
        "email", "en", "Your order", html=f"{HIDDEN}<p>We are getting it ready for you.</p>", text="x"
    )
    return template(
        english, VariantSource("email", locale, title, html=f"<p hidden style='display:none'>Voilà</p>{body}", text="x")
    )


def mobile(channel: str, content: dict[str, Any], **given: Any) -> TemplateSource:
    return template(VariantSource(channel, "en", content=content), default_channel=channel, **given)


def sms(text: str, sample: dict[str, Any] | None = None, **given: Any) -> TemplateSource:
    return mobile("sms", {"text": text, **given}, sample=sample or {})


def push(**given: Any) -> TemplateSource:
    return mobile("push", {"title": "Your order", "body": "It is on its way", **given})


def whatsapp(**given: Any) -> TemplateSource:
    body = {"text": "Hello"}
    return mobile("whatsapp", {"template": "order_v1", "body": body, "category": "marketing", **given})


def rules(source: TemplateSource) -> set[str]:
    return {found.rule for found in press().lint(source)}

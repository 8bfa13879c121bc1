"""One function for each kind of block: block → MJML elements of a column."""

from collections.abc import Callable
from typing import Any, Final

from posthouse.core.templates import document as d
from posthouse.rendering.document import fragments, tables
from posthouse.rendering.document.markup import classes, css, element, ground, room, shown_if
from posthouse.rendering.document.rich import rich
from posthouse.rendering.document.texts import escaped
from posthouse.rendering.document.urls import written_url
from posthouse.rendering.document.writing import Writing

LOGO: Final = "theme:logo"
_SIZES: Final = {1: (26, 34), 2: (20, 28), 3: (16, 24)}
"""Font size and line height of the headings, pixels."""


def leaf(writing: Writing, block: d.Leaf, pointer: str, width: int) -> str:
    """One block inside its condition; ``width`` is the column's, in pixels."""
    return shown_if(block.show_if, _WRITERS[type(block)](writing, block, pointer, width))


def _text_element(
    writing: Writing, block: Any, content: str, ink: str, *, below: str = "medium", more: str = "", **look: str
) -> str:
    size = writing.theme.font_size
    given = {
        "font_family": writing.font("text"),
        "font_size": f"{size}px",
        "line_height": f"{round(size * 1.6)}px",
        "color": writing.color(ink),  # type: ignore[arg-type]  # callers name a token
        "align": writing.side(block.style.align or "start"),
        "container_background_color": ground(writing, block.style),
        "padding": room(writing, block.style, below),
    }
    return element("mj-text", content, css_class=classes(block.id, block.style, ink, more), **{**given, **look})


def _ink(block: Any, usual: str) -> str:
    if block.style.color:
        return str(block.style.color)
    return "on_primary" if block.style.ground == "primary" else usual


def _heading(writing: Writing, block: d.Heading, pointer: str, width: int) -> str:
    del width
    size, line = _SIZES[block.level]
    ink = _ink(block, "heading")
    style = css(margin="0", font_family=writing.font("heading"), font_size=size, line_height=line, font_weight="700")
    content = element(f"h{block.level}", writing.words(block.text, f"{pointer}/text"), style=style)
    below = "medium" if block.level == 1 else "small"
    return _text_element(writing, block, content, ink, below=below, font_size=f"{size}px", line_height=f"{line}px")


def _text(writing: Writing, block: d.Text, pointer: str, width: int) -> str:
    del width
    size = writing.theme.font_size + {"small": -2, "normal": 0, "large": 3}[block.size]
    ink = _ink(block, "muted" if block.size == "small" else "text")
    content = rich(writing, block.text, f"{pointer}/text")
    return _text_element(writing, block, content, ink, font_size=f"{size}px", line_height=f"{round(size * 1.6)}px")


def _button(writing: Writing, block: d.Button, pointer: str, width: int) -> str:
    del width
    label = writing.words(block.label, f"{pointer}/label")
    url = writing.spoken(escaped(written_url(writing, block.url, f"{pointer}/url")))
    return _button_element(writing, block, label, url, look=block.look, full=block.full_width)


def _button_element(
    writing: Writing, block: Any, label: str, url: str, *, look: str, full: bool, more: str = ""
) -> str:
    theme, outline = writing.theme, look == "outline"
    return element(
        "mj-button",
        label,
        css_class=classes(block.id, block.style, "", f"ph-{look}", more),
        href=url,
        background_color="transparent" if outline else writing.color("primary"),
        color=writing.color("primary" if outline else "on_primary"),
        border=f"2px solid {writing.color('primary')}",
        border_radius=f"{theme.radii.button}px",
        font_family=writing.font("text"),
        font_size=f"{theme.font_size}px",
        font_weight=str(theme.button.weight),
        text_transform="uppercase" if theme.button.upper_case else "",
        inner_padding=f"{max(0, theme.button.padding_y - 2)}px {max(0, theme.button.padding_x - 2)}px",
        align=writing.side(block.style.align or "start"),
        width="100%" if full else "",
        container_background_color=ground(writing, block.style),
        padding=room(writing, block.style, "large"),
    )


def _image(writing: Writing, block: d.Image, pointer: str, width: int) -> str:
    url = writing.spoken(escaped(written_url(writing, block.url, f"{pointer}/url"))) if block.url else ""
    if block.src == LOGO:
        return _logo(writing, block, url, width)
    alt = writing.words(block.alt, f"{pointer}/alt")
    src = written_url(writing, block.src, f"{pointer}/src", picture=True)
    return _picture(writing, block, (writing.spoken(escaped(src)), alt, url), min(block.width or width, width))


def _picture(writing: Writing, block: Any, said: tuple[str, str, str], width: int, more: str = "") -> str:
    src, alt, url = said
    given = element(
        "mj-image",
        css_class=classes(block.id, block.style, "", more),
        src=src,
        href=url,
        width=f"{width}px",
        align=writing.side(block.style.align or "start"),
        border_radius=f"{writing.theme.radii.image}px" if not more else "",
        container_background_color=ground(writing, block.style),
        padding=room(writing, block.style, "medium"),
    )
    return given.replace("<mj-image", f'<mj-image alt="{alt}"', 1)  # an empty alt is written too: decoration


def _logo(writing: Writing, block: d.Image, url: str, width: int) -> str:
    logo = writing.theme.logo
    if logo is None:
        words = escaped(_literal(writing.theme.name))
        look = css(color=writing.color("heading"), text_decoration="none")
        inside = f'<a class="k-heading" href="{url}" target="_blank" style="{look}">{words}</a>' if url else words
        return _text_element(
            writing, block, inside, _ink(block, "heading"), font_family=writing.font("heading"), font_size="20px",
            line_height="28px", font_weight="700",
        )  # fmt: skip
    alt = escaped(_literal(logo.alt))
    wide = min(block.width or logo.width, width)
    light = _picture(writing, block, (escaped(logo.url), alt, url), wide, "ph-light" if logo.dark else "ph-logo")
    if not logo.dark:
        return light
    return light + _picture(writing, block, (escaped(logo.dark), alt, url), wide, "ph-dark")


def _literal(name: str) -> str:
    """A name without template tags in it."""
    return name.replace("{", "(").replace("}", ")")


def _divider(writing: Writing, block: d.Divider, pointer: str, width: int) -> str:
    del pointer, width
    return element(
        "mj-divider",
        css_class=classes(block.id, block.style, "", "ph-divider"),
        border_width="1px",
        border_color=writing.color("border"),
        container_background_color=ground(writing, block.style),
        padding=room(writing, block.style, "medium"),
    )


def _spacer(writing: Writing, block: d.Spacer, pointer: str, width: int) -> str:
    del pointer, width
    height = f"{writing.space(block.size)}px"
    behind = ground(writing, block.style)
    return element(
        "mj-spacer", css_class=classes(block.id, block.style), height=height, container_background_color=behind
    )


def _code(writing: Writing, block: d.Code, pointer: str, width: int) -> str:
    del width
    value = writing.words(block.value, f"{pointer}/value")
    label = writing.words(block.label, f"{pointer}/label", optional=True)
    small = css(font_family=writing.font("text"), font_size="13px", line_height="20px", color=writing.color("muted"))
    caption = f'<div class="k-muted" style="{small}">{label}</div>' if label else ""
    big = css(
        font_family=writing.font("code"),
        font_size="34px",
        line_height="44px",
        font_weight="700",
        letter_spacing="6px",
        color=writing.color("heading"),
        _webkit_user_select="all",
        user_select="all",
        word_break="break-all",
    )
    box = css(
        background_color=writing.color("tint"),
        border_radius=writing.theme.radii.button,
        padding="18px 12px",
        text_align="center",
    )
    content = f'<div class="g-tint" style="{box}">{caption}<div class="k-heading ph-code" dir="ltr" style="{big}">{value}</div></div>'
    return _text_element(writing, block, content, "heading", below="large", align="center")


def _rating(writing: Writing, block: d.Rating, pointer: str, width: int) -> str:
    del width
    url = written_url(writing, block.url, f"{pointer}/url")
    if url and "{score}" not in url:
        writing.refuse(
            f"{pointer}/url", "the address must hold {score}, which becomes the score that was chosen", "url"
        )
    scores = range(1, 6) if block.scale == "1-5" else range(11)
    links = "&#32;".join([_score(writing, block, url, score, scores[-1]) for score in scores])
    low = writing.words(block.low, f"{pointer}/low", optional=True)
    high = writing.words(block.high, f"{pointer}/high", optional=True)
    ends = " · ".join([f"{score} = {said}" for score, said in ((scores[0], low), (scores[-1], high)) if said])
    small = css(font_size="13px", line_height="20px", color=writing.color("muted"), padding="8px 0 0 0")
    below = f'<div class="k-muted" style="{small}">{ends}</div>' if ends else ""
    content = f'<div dir="ltr" style="font-size:0">{links}</div>{below}'
    align = writing.side(block.style.align or "center")
    return _text_element(writing, block, content, "text", below="large", align=align)


def _score(writing: Writing, block: d.Rating, url: str, score: int, most: int) -> str:
    address = writing.spoken(escaped(url.replace("{score}", str(score))))
    stars = block.look == "stars" and block.scale == "1-5"
    wide = 44 if block.scale == "1-5" else 34
    look = css(
        display="inline-block",
        width=wide,
        margin="0 3px 4px 3px" if block.scale == "1-5" else "0 2px 4px 2px",
        padding="8px 0",
        background_color=writing.color("tint"),
        border_radius=writing.theme.radii.button,
        color=writing.color("primary"),
        font_size="22px" if stars else "15px",
        line_height="24px",
        font_weight="700",
        text_align="center",
        text_decoration="none",
    )
    shown = "★" if stars else str(score)
    kind = f"k-primary g-tint ph-score-{'5' if block.scale == '1-5' else '10'}"
    label = f"{score} / {most}"
    return f'<a href="{address}" target="_blank" class="{kind}" aria-label="{label}" title="{label}" style="{look}">{shown}</a>'


def _social(writing: Writing, block: d.Social, pointer: str, width: int) -> str:
    del width
    look = css(color=writing.color("muted"), text_decoration="underline")
    links = []
    for index, link in enumerate(block.links):
        place = f"{pointer}/links/{index}"
        label = writing.words(link.label, f"{place}/label")
        url = writing.spoken(escaped(written_url(writing, link.url, f"{place}/url")))
        links.append(f'<a href="{url}" target="_blank" class="k-muted" style="{look}">{label}</a>')
    align = writing.side(block.style.align or "center")
    return _text_element(
        writing, block, " &#183; ".join(links), _ink(block, "muted"), align=align, font_size="13px", line_height="22px"
    )


def _slot(writing: Writing, block: d.Slot, pointer: str, width: int) -> str:
    """Heading, text, picture and button of what fills the place; each only where it is given.

    None of these names is a method of a Python text: rendering is several times faster then (rendering/data.py).
    """
    del pointer
    given = f"slots.{block.name}"
    title_look = css(margin="0 0 6px 0", font_size="18px", line_height="26px", color=writing.color("heading"))
    title = shown_if(
        f"{given}.heading is defined", f'<h2 class="k-heading" style="{title_look}">{{{{ {given}.heading }}}}</h2>'
    )
    text = shown_if(f"{given}.text is defined", f'<p style="margin:0">{{{{ {given}.text }}}}</p>')
    picture = _picture(
        writing, block, (f"{{{{ {given}.image }}}}", f"{{{{ {given}.alt|default('') }}}}", ""), width, "ph-slot"
    )
    label, url = f"{{{{ {given}.label }}}}", f"{{{{ {given}.url }}}}"
    button = _button_element(writing, block, label, url, look="outline", full=False, more="ph-slot")
    inside = (
        shown_if(f"{given}.image is defined", picture)
        + _text_element(writing, block, title + text, _ink(block, "text"), more="ph-slot")
        + shown_if(f"{given}.url is defined and {given}.label is defined", button)
    )
    return shown_if(f"slots is defined and {given}", inside)


def _mjml(writing: Writing, block: d.Mjml, pointer: str, width: int) -> str:
    del width
    writing.own_mjml = True
    if block.level == "section":
        writing.refuse(
            f"{pointer}/level", "sections cannot stand inside a column; put the block on the first level", "mjml"
        )
    return fragments.own_mjml(writing, block.source, f"{pointer}/source", sections=False)


def _html(writing: Writing, block: d.Html, pointer: str, width: int) -> str:
    del width
    held = writing.held(fragments.own_html(writing, block.source, f"{pointer}/source"))
    return _text_element(writing, block, held, _ink(block, "text"))


_WRITERS: Final[dict[type, Callable[..., str]]] = {
    d.Heading: _heading,
    d.Text: _text,
    d.Button: _button,
    d.Image: _image,
    d.Divider: _divider,
    d.Spacer: _spacer,
    d.Lines: lambda writing, block, pointer, _: tables.lines(writing, block, pointer),
    d.Facts: lambda writing, block, pointer, _: tables.facts(writing, block, pointer),
    d.Code: _code,
    d.Rating: _rating,
    d.Social: _social,
    d.Slot: _slot,
    d.Mjml: _mjml,
    d.Html: _html,
}

"""Blocks that are tables of data: lines and facts."""

from posthouse.core.templates.document import Facts, LineColumn, Lines
from posthouse.rendering.document.markup import classes, css, element, ground, room, shown_if
from posthouse.rendering.document.writing import Writing

_GAP = 12
"""Pixels between two cells of a row."""


def lines(writing: Writing, block: Lines, pointer: str) -> str:
    """A table with a row for each item, and its totals below in a table of their own, so that their rows are as wide."""
    if block.item == block.each.partition(".")[0]:
        writing.refuse(
            f"{pointer}/item", f"{block.item!r} is the list's own name; call the item otherwise", "ambiguous"
        )
    headers = [
        writing.words(column.header, f"{pointer}/columns/{index}/header", optional=True)
        for index, column in enumerate(block.columns)
    ]
    head = "".join([_header(writing, block, index, text) for index, text in enumerate(headers)])
    cells = "".join([_cell(writing, block, index, f"{pointer}/columns/{index}") for index in range(len(block.columns))])
    body = f"<tr>{cells}</tr>"
    if block.empty:
        said = writing.words(block.empty, f"{pointer}/empty")
        body += f"{{% else %}}<tr>{_said(writing, said, len(block.columns))}</tr>"
    rows = f"{{% for {block.item} in {block.each} %}}{body}{{% endfor %}}"
    heading = f"<tr>{head}</tr>" if any(headers) else ""
    below = "small" if block.totals else "large"
    table = _table(writing, block, heading + rows, below)
    return table + (_totals(writing, block, pointer) if block.totals else "")


def facts(writing: Writing, block: Facts, pointer: str) -> str:
    """Pairs of label and value."""
    rows = []
    for index, fact in enumerate(block.items):
        place = f"{pointer}/items/{index}"
        label = writing.words(fact.label, f"{place}/label")
        value = writing.words(fact.value, f"{place}/value")
        rows.append(shown_if(fact.show_if, _fact(writing, block, label, value)))
    return _table(writing, block, "".join(rows), "medium")


def _table(writing: Writing, block: Lines | Facts, rows: str, below: str) -> str:
    theme = writing.theme
    return element(
        "mj-table",
        rows,
        css_class=classes(block.id, block.style, block.style.color or "text", "ph-table"),
        color=writing.color(block.style.color or "text"),
        font_family=writing.font("text"),
        font_size=f"{theme.font_size - 1}px",
        line_height=f"{round((theme.font_size - 1) * 1.5)}px",
        container_background_color=ground(writing, block.style),
        padding=room(writing, block.style, below),
    )


def _header(writing: Writing, block: Lines, index: int, text: str) -> str:
    column = block.columns[index]
    style = css(
        padding=_padding(writing, block, index, "0", "8px"),
        border_bottom=f"2px solid {writing.color('border')}",
        color=writing.color("muted"),
        font_size="12px",
        line_height="18px",
        font_weight="600",
        text_align=writing.side(column.align),
        vertical_align="bottom",
    )
    width = f"{column.width}%" if column.width else ""
    name = "th" if text else "td"
    scope = "col" if text else ""
    side = writing.side(column.align)
    return element(name, text, scope=scope, align=side, width=width, class_="k-muted k-line", style=style)


def _cell(writing: Writing, block: Lines, index: int, pointer: str) -> str:
    column = block.columns[index]
    value = writing.words(column.value, f"{pointer}/value")
    inside = (
        f'<span class="k-heading" style="{css(color=writing.color("heading"))}">{value}</span>' if not index else value
    )
    if column.detail:
        detail = writing.words(column.detail, f"{pointer}/detail")
        small = css(color=writing.color("muted"), font_size="13px", line_height="19px")
        inside += f'<br /><span class="k-muted" style="{small}">{detail}</span>'
    style = css(
        padding=_padding(writing, block, index, "12px", "12px"),
        border_bottom=f"1px solid {writing.color('border')}",
        text_align=writing.side(column.align),
        vertical_align="top",
        **({"white_space": "nowrap"} if _is_amount(column) else {}),
    )
    return element("td", inside, align=writing.side(column.align), class_="k-line", style=style)


def _is_amount(column: LineColumn) -> bool:
    """What stands at the end of a row is an amount or a date, which do not break well."""
    return column.align == "end"


def _padding(writing: Writing, block: Lines, index: int, above: str, below: str) -> str:
    gap = "0" if index == len(block.columns) - 1 else f"{_GAP}px"
    return f"{above} {gap} {below} 0" if writing.direction == "ltr" else f"{above} 0 {below} {gap}"


def _said(writing: Writing, said: str, columns: int) -> str:
    style = css(padding="12px 0", color=writing.color("muted"))
    return element("td", said, colspan=str(columns), class_="k-muted", style=style)


def _totals(writing: Writing, block: Lines, pointer: str) -> str:
    rows = []
    for index, total in enumerate(block.totals):
        place = f"{pointer}/totals/{index}"
        label = writing.words(total.label, f"{place}/label")
        value = writing.words(total.value, f"{place}/value")
        rows.append(shown_if(total.show_if, _total(writing, label, value, strong=total.strong)))
    return _table(writing, block, "".join(rows), "large")


def _total(writing: Writing, label: str, value: str, *, strong: bool) -> str:
    size = writing.theme.font_size + 1 if strong else writing.theme.font_size - 1
    look = {
        "padding": "10px 0 0 0" if strong else "3px 0",
        "color": writing.color("heading" if strong else "text"),
        "font_size": f"{size}px",
        "font_weight": "700" if strong else "400",
    }
    ink = "k-heading" if strong else "k-text"
    start, end = writing.side("start"), writing.side("end")
    quiet = look if strong else {**look, "color": writing.color("muted")}
    left = element(
        "td", label, align=start, class_="k-heading" if strong else "k-muted", style=css(**quiet, text_align=start)
    )
    right = element("td", value, align=end, class_=ink, style=css(**look, text_align=end, white_space="nowrap"))
    return f"<tr>{left}{right}</tr>"


def _fact(writing: Writing, block: Facts, label: str, value: str) -> str:
    start = writing.side("start")
    muted = css(color=writing.color("muted"), font_size="13px", text_align=start)
    if block.layout == "stacked":
        strong = css(color=writing.color("heading"), text_align=start, padding="0 0 12px 0")
        return (
            f'<tr><td class="k-muted" align="{start}" style="{muted}">{label}</td></tr>'
            f'<tr><td class="k-heading" align="{start}" style="{strong}">{value}</td></tr>'
        )
    gap = "6px 16px 6px 0" if writing.direction == "ltr" else "6px 0 6px 16px"
    first = css(padding=gap, color=writing.color("muted"), text_align=start, vertical_align="top")
    second = css(padding="6px 0", color=writing.color("heading"), text_align=start, vertical_align="top")
    return (
        f'<tr><th scope="row" class="k-muted" align="{start}" width="38%" style="{first};font-weight:400">{label}</th>'
        f'<td class="k-heading" align="{start}" style="{second}">{value}</td></tr>'
    )

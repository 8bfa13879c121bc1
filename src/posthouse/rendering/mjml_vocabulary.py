"""The MJML we accept: elements, where they may stand, and their attributes (https://documentation.mjml.io).

The compiler passes unknown elements and attributes in silence and drops some it knows; what it drops is not listed
here, so that the author hears of it.
"""

from typing import Final

_PADDING: Final = "padding padding-top padding-right padding-bottom padding-left"
_INNER: Final = "inner-padding inner-padding-top inner-padding-right inner-padding-bottom inner-padding-left"
_BORDER: Final = "border border-top border-right border-bottom border-left border-radius"
_FONT: Final = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration"
_BACKGROUND: Final = (
    "background-color background-url background-repeat background-size background-position"
    " background-position-x background-position-y"
)
_LINK: Final = "href target rel title name"

_BY_ELEMENT: Final = {
    "mjml": "owa lang dir",
    "mj-head": "",
    "mj-body": "background-color width",
    "mj-attributes": "",
    "mj-all": "",
    "mj-class": "",
    "mj-breakpoint": "width",
    "mj-font": "name href",
    "mj-preview": "",
    "mj-style": "",
    "mj-title": "",
    "mj-raw": "position",
    "mj-section": f"{_BACKGROUND} {_BORDER} {_PADDING} direction full-width text-align",
    "mj-wrapper": f"{_BACKGROUND} {_BORDER} {_PADDING} direction full-width text-align",
    "mj-group": "background-color direction vertical-align width",
    "mj-column": f"background-color inner-background-color inner-border inner-border-radius {_BORDER} {_PADDING}"
    " direction vertical-align width inner-border-top inner-border-right inner-border-bottom inner-border-left",
    "mj-hero": f"{_BACKGROUND} background-height background-width {_PADDING} height mode vertical-align width"
    " inner-background-color",
    "mj-text": f"{_FONT} {_PADDING} align container-background-color height text-transform vertical-align",
    "mj-button": f"{_FONT} {_PADDING} {_BORDER} {_LINK} align background-color container-background-color height"
    " inner-padding text-align text-transform vertical-align width",
    "mj-image": f"{_PADDING} {_BORDER} align alt container-background-color fluid-on-mobile height href rel src"
    " srcset target usemap width name max-height",
    "mj-divider": f"{_PADDING} align border-color border-style border-width container-background-color width",
    "mj-spacer": f"{_PADDING} container-background-color height",
    "mj-table": f"{_FONT} {_PADDING} align border cellpadding cellspacing container-background-color role"
    " table-layout vertical-align width",
    "mj-social": f"{_FONT} {_PADDING} align border-radius container-background-color icon-height icon-padding icon-size"
    " inner-padding mode table-layout text-padding",
    "mj-social-element": f"{_FONT} {_PADDING} {_LINK} align alt background-color border-radius icon-height icon-padding"
    " icon-size src srcset sizes text-padding vertical-align",
    "mj-navbar": f"{_PADDING} align base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size"
    " ico-line-height ico-open ico-padding ico-text-decoration ico-text-transform",
    "mj-navbar-link": f"{_FONT} {_PADDING} {_LINK} text-transform",
    "mj-accordion": f"{_PADDING} border container-background-color font-family icon-align icon-height icon-position"
    " icon-unwrapped-alt icon-unwrapped-url icon-width icon-wrapped-alt icon-wrapped-url",
    "mj-accordion-element": "background-color border font-family icon-align icon-height icon-position"
    " icon-unwrapped-alt icon-unwrapped-url icon-width icon-wrapped-alt icon-wrapped-url",
    "mj-accordion-title": f"{_FONT} {_PADDING} background-color",
    "mj-accordion-text": f"{_FONT} {_PADDING} background-color",
    "mj-carousel": "align border-radius container-background-color icon-width left-icon right-icon tb-border"
    " tb-border-radius tb-hover-border-color tb-selected-border-color tb-width thumbnails",
    "mj-carousel-image": f"{_LINK} alt border-radius src tb-border tb-border-radius thumbnails-src",
}

ATTRIBUTES: Final[dict[str, frozenset[str]]] = {
    name: frozenset(attributes.split()) for name, attributes in _BY_ELEMENT.items()
}
EVERYWHERE: Final = frozenset({"css-class", "mj-class"})
LAYOUT: Final = frozenset({"width", "height"})
"""Attributes the compiler reckons with: no tag may stand in them."""
NO_TAGS_INSIDE: Final = frozenset({"mj-social", "mj-navbar", "mj-accordion", "mj-carousel", "mj-attributes", "mjml"})
"""Elements in which even an ``mj-raw`` is an error."""

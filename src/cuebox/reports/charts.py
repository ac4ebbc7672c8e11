"""Vega-Lite charts as inline SVG or PNG: one look, no script, nothing fetched.

Colours are written as the light palette's hex values; a page recolours them for the dark theme
with attribute selectors (`svg [fill="#1d2330"]`), so one picture serves both and still stands
alone as a file.
"""

from __future__ import annotations

import html
import re
from importlib.util import find_spec
from typing import Any

from cuebox.core.errors import ConfigError

__all__ = ["ACCENT", "INK", "LINE", "MUTED", "WARN", "charts_available", "render_png", "render_svg"]

INK = "#1d2330"
MUTED = "#5b6472"
LINE = "#dedad2"
ACCENT = "#0f6e84"
WARN = "#b83c0a"

MISSING = "charts need the reports extra: pip install 'cuebox[reports]'"

Chart = Any  # an altair chart; altair is imported only when one is drawn


def charts_available() -> bool:
    """Whether altair and vl-convert are installed (extra `cuebox[reports]`)."""
    return find_spec("altair") is not None and find_spec("vl_convert") is not None


def render_svg(chart: Chart, *, title: str) -> str:
    """Draw an altair chart as an `<svg>` element that may stand in a page among others.

    Args:
        chart: any altair chart; data must be given inline, not by address.
        title: what the picture shows, read out by screen readers; also makes the ids of the
            picture unique, so it must differ from other pictures on the page.

    Raises:
        ConfigError: the extra `cuebox[reports]` is not installed.
    """
    converter = _converter()
    svg = str(converter.vegalite_to_svg(**_arguments(chart)))
    prefix = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    label = html.escape(title, quote=True)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def render_png(chart: Chart, *, scale: float = 2) -> bytes:
    """Draw an altair chart as a PNG on white, `scale` pixels a unit.

    Raises:
        ConfigError: the extra `cuebox[reports]` is not installed.
    """
    arguments = _arguments(chart)
    arguments["vl_spec"] = arguments["vl_spec"] | {"background": "#ffffff", "padding": 16}
    return bytes(_converter().vegalite_to_png(**arguments, scale=scale))


def _converter() -> Any:  # noqa: ANN401 - an untyped module
    if not charts_available():
        raise ConfigError(MISSING)
    import vl_convert

    return vl_convert


def _arguments(chart: Chart) -> dict[str, Any]:
    import altair

    version = "_".join(altair.SCHEMA_VERSION.split(".")[:2])
    return {
        "vl_spec": chart.to_dict(),
        "vl_version": version,
        "config": _STYLE,
        "allowed_base_urls": [],
    }


_AXIS = {
    "labelColor": MUTED,
    "titleColor": MUTED,
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
    "titlePadding": 8,
    "domainColor": LINE,
    "gridColor": LINE,
    "gridOpacity": 0.7,
    "ticks": False,
    "labelPadding": 6,
    "labelLimit": 220,
}

_STYLE = {
    "aria": False,
    "background": None,
    # Text is laid out with these metrics, so pages must draw it with them too.
    "font": "Helvetica, Arial, Liberation Sans, sans-serif",
    "padding": 2,
    "view": {"stroke": None},
    "axis": _AXIS,
    "legend": {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "orient": "top",
        "offset": 4,
        "columnPadding": 18,
    },
    "text": {"color": INK, "fontSize": 12},
    "title": {"color": INK, "fontSize": 13, "anchor": "start", "fontWeight": 600},
    "line": {"color": ACCENT, "strokeWidth": 2.5},
    "point": {"color": ACCENT, "filled": True, "size": 60},
    "bar": {"color": ACCENT},
    "area": {"color": ACCENT},
    "rule": {"color": MUTED},
    "rect": {"color": ACCENT},
}

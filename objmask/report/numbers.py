"""Numbers as the report writes them."""

from __future__ import annotations


def percent(fraction: float | None) -> str:
    """A share of the picture in percent, with no more digits than say something; empty: not known."""
    if fraction is None or fraction != fraction:
        return ""
    value = fraction * 100
    if 0 < value < 0.01:
        return "<0.01"
    return f"{value:.0f}" if value >= 99.5 or not value else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def duration(seconds: float) -> str:
    """`1 h 02 min`, `3 min 04 s`, `12.3 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def moment(seconds: float) -> str:
    """A `duration` that is told from none: `0.04 s`."""
    return f"{seconds:.2f} s" if seconds < 0.095 else duration(seconds)


def number(value: float) -> str:
    """A whole number with spaces between thousands."""
    return f"{round(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def rate(value: float) -> str:
    """Of 1,000, with three digits."""
    return number(value) if value >= 100 else f"{value:.3g}"

"""What a browser calls itself, in plain words: "Firefox on Windows". A hint for people; anybody can claim anything."""

import re

UNKNOWN = "An unknown device"
_BROWSERS: tuple[tuple[str, str], ...] = (
    # In this order: most call themselves by the names of those below too.
    ("EdgA?(?:iOS)?/", "Edge"),
    ("OPR/|Opera", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/|Firefox/", "Firefox"),
    ("CriOS/|HeadlessChrome/|Chrome/", "Chrome"),
    ("Version/.* Safari/", "Safari"),
)
_SYSTEMS: tuple[tuple[str, str], ...] = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X|Macintosh", "a Mac"),
    ("Linux|X11", "Linux"),
)
_PROGRAM = re.compile(r"([A-Za-z][A-Za-z0-9 ._-]{0,40}?)/\d")


def device_of(user_agent: str | None) -> str:
    """Browser and system; for a program its name, as it gives it."""
    if not user_agent:
        return UNKNOWN
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    if browser is not None:
        return browser if system is None else f"{browser} on {system}"
    program = None if user_agent.startswith("Mozilla/") else _PROGRAM.match(user_agent)
    if program is not None:
        return program[1]
    return UNKNOWN if system is None else f"A browser on {system}"


def _first(table: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for pattern, name in table if re.search(pattern, text)), None)

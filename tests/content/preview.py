"""Look at letters: `python -m tests.content.preview [sv] [letter ...]` writes them to `.kundresa/preview/`.

Pictures are taken at a phone's and a desktop's width, in light and dark, by the `chromium` on PATH. Those in
`docs/pictures/letters/` come from here.
"""

import shutil
import sys
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Route, sync_playwright

from mail.rendering import Letters
from mail.translations import Translations
from tests.content.contexts import LANGUAGES, LOCALE, TEMPLATES, full

ROOT = TEMPLATES.parent
FOLDER = ROOT / ".kundresa" / "preview"
WIDTHS = (360, 800)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

FRINGE = "".join(f'<path d="M{x} 106v14" stroke="#8e8b86" stroke-width="3"/>' for x in range(28, 120, 8))
DRAWINGS = {
    "towel.png": '<path fill="#e9e4da" d="M0 0h144v144H0z"/><path fill="#7c9cb0" d="M40 22h64v100H40z"/>'
    '<path d="M40 40h64M40 46h64M40 100h64M40 106h64" stroke="#e9e4da" stroke-width="3"/>'
    '<path d="M72 22v100" stroke="#6f8fa4" stroke-width="2"/>',
    "throw.png": '<path fill="#eceae6" d="M0 0h144v144H0z"/>'
    '<path d="M24 48q48-20 96 0v60q-48 16-96 0z" fill="#8e8b86"/>'
    '<path d="M24 66q48-18 96 0M24 84q48-18 96 0" stroke="#a5a29c" stroke-width="3" fill="none"/>' + FRINGE,
}


def draw(route: Route) -> None:
    """Answer for the invented shop's pictures; nothing else is fetched."""
    drawing = DRAWINGS.get(route.request.url.rsplit("/", 1)[-1])
    if drawing is None:
        route.abort()
        return
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 144 144">{drawing}</svg>'
    route.fulfill(content_type="image/svg+xml", body=svg)


def photograph(browser: Browser, html: str, picture: Path, width: int, scheme: Literal["light", "dark"]) -> None:
    """Save `html` as a picture of the whole letter."""
    page = browser.new_page(viewport={"width": width, "height": 400}, color_scheme=scheme)
    page.route("**/*", draw)
    page.set_content(html)
    page.screenshot(path=picture, full_page=True)
    page.close()


def preview(words: list[str]) -> None:
    """Write the letters that are named, or all, to `FOLDER`, in the language that is named, or English."""
    letters = Letters(TEMPLATES, Translations(LOCALE))
    names = [word for word in words if word not in LANGUAGES]
    language = next((word for word in words if word in LANGUAGES), "en")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-lcd-text"]
        )
        for name in names or letters.names():
            content = letters.render(name, full(name) | {"locales": (language,)})
            (FOLDER / f"{name}.html").write_text(content.html, encoding="utf-8")
            (FOLDER / f"{name}.txt").write_text(f"{content.subject}\n\n{content.text}\n", encoding="utf-8")
            for width, scheme in product(WIDTHS, SCHEMES):
                photograph(browser, content.html, FOLDER / f"{name}-{width}-{scheme}.png", width, scheme)
        browser.close()


if __name__ == "__main__":
    preview(sys.argv[1:])

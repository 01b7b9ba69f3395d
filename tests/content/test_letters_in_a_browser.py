"""Letters as a browser lays them out: nothing sticks out at a phone's width, every word has contrast (WCAG 1.4.3)."""

from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from mail.rendering import Letters
from mail.translations import Translations
from tests.content.contexts import LANGUAGES, LETTERS, LOCALE, TEMPLATES, full

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

FAINT_WORDS = """() => {
  const rgb = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const colour = rgb(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const contrast = element => {
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (contrast(element) < 4.5) faint.push(walker.currentNode.data.trim());
  }
  return faint;
}"""

# The card clips what is too wide, so the page as a whole would never scroll: each element is asked for its edges.
STICKING_OUT = """() => [...document.body.querySelectorAll('*')].filter(element => element.checkVisibility())
  .filter(element => {
    const {left, right} = element.getBoundingClientRect();
    return left < -0.5 || right > innerWidth + 0.5;
  })
  .map(element => element.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters(TEMPLATES, Translations(LOCALE))


@pytest_asyncio.fixture(scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """One page for all letters: nothing of them is kept, and nothing is fetched."""
    page = await browser.new_page()
    await page.route("**/*", lambda route: route.abort())
    yield page
    await page.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("letter", LETTERS)
async def test_a_letter_fits_every_screen_and_its_words_stand_out(
    page: Page, letters: Letters, letter: str, language: str
) -> None:
    await page.set_content(letters.render(letter, full(letter) | {"locales": (language,)}).html)
    for width in (360, 800):
        await page.set_viewport_size({"width": width, "height": 600})
        assert await page.evaluate(STICKING_OUT) == []
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        assert await page.evaluate(FAINT_WORDS) == []

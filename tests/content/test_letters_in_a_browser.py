"""Letters as a browser lays them out: nothing sticks out at a phone's width, every word has contrast (WCAG 1.4.3)."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser

from mail.rendering import Letters
from tests.content.contexts import MARKETING, TRANSACTIONAL, full

TEMPLATES = Path(__file__).parents[2] / "templates"

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
    return Letters(TEMPLATES)


@pytest.mark.parametrize("width", [360, 800])
@pytest.mark.parametrize("letter", [*MARKETING, *TRANSACTIONAL])
async def test_a_letter_fits_the_width_of_the_screen(
    browser: Browser, letters: Letters, letter: str, width: int
) -> None:
    page = await browser.new_page(viewport={"width": width, "height": 600})
    await page.route("**/*", lambda route: route.abort())
    await page.set_content(letters.render(letter, full(letter)).html)
    assert await page.evaluate(STICKING_OUT) == []
    await page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("letter", [*MARKETING, *TRANSACTIONAL])
async def test_every_word_stands_out_from_its_ground(
    browser: Browser, letters: Letters, letter: str, scheme: Literal["light", "dark"]
) -> None:
    page = await browser.new_page(color_scheme=scheme)
    await page.route("**/*", lambda route: route.abort())
    await page.set_content(letters.render(letter, full(letter)).html)
    assert await page.evaluate(FAINT_WORDS) == []
    await page.close()

"""What must hold of the looks of every page."""

from playwright.sync_api import Page

# Luminance and contrast as WCAG 2 defines them; the ground is the nearest that is not transparent.
_CONTRASTS = """selector => {
  const rgb = colour => colour.match(/[\\d.]+/g).map(Number);
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = colour => [.2126, .7152, .0722].reduce((sum, weight, at) => sum + weight * linear(colour[at] / 255), 0);
  const ground = one => {
    for (; one; one = one.parentElement) {
      const colour = rgb(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll(selector)].filter(one => one.checkVisibility()).map(one => {
    const [dark, bright] = [light(rgb(getComputedStyle(one).color)), light(ground(one))].sort((a, b) => a - b);
    return [one.className || one.tagName, (bright + .05) / (dark + .05)];
  });
}"""


def too_pale(page: Page, selector: str) -> list[str]:
    """What is shown with less contrast than WCAG 2 asks for at level AA (4.5)."""
    seen = page.evaluate(_CONTRASTS, selector)
    assert seen, f"nothing is shown that is called {selector}"
    return sorted({f"{name}: {contrast:.1f}" for name, contrast in seen if contrast < 4.5})


def sticks_out_px(page: Page) -> int:
    """By how much the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

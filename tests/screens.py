"""Pictures of the pages (页面截图) for docs/screens: `python -m tests.screens` opens a demonstration and takes them.

Each page once at 1366 × 768, as the role sees it that works there most; pages of persons and bases on a telephone as
well. Needs a Chromium, as the browser tests do (`TEST_BROWSER`); it takes some minutes, and is no test.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from core.ground import db

FOLDER = db.ROOT / "docs" / "screens"
PASSWORD = "Demo-2024-office"
WIDE, PHONE = (1366, 768), (390, 844)
QUALITY = 70
"""Of WebP: words stay sharp, and all pictures together are a few megabytes."""
PAGES = {
    "reviewer": (
        "home",
        "review",
        "credit_lookup?person=1",
        "people",
        "ledger",
        "recognised",
        "calendar",
        "policies",
        "targets",
        "seminars",
        "plan_tables",
        "study",
        "messages",
    ),
    "admin": ("organizations", "moving_in", "policy_lab", "card_templates", "keys", "backups", "audit", "account"),
    "title": ("eligibility",),
    "leader": ("quota_dashboard", "filed_figures"),
    "exam": ("exam_bank", "exams", "courses", "results"),
}
BY_PHONE = {
    "base": ("home", "filing", "classes", "print_cards"),
    "person": ("home", "credit_lookup", "learning", "eligibility"),
}
NIGHT = (("reviewer", "home"), ("leader", "quota_dashboard"))


@contextmanager
def served() -> Iterator[str]:
    """A demonstration office of this moment, in a folder that goes away with it."""
    with tempfile.TemporaryDirectory() as home, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        told = {**os.environ, "CE_HOME": home, "CE_DAILY": "off"}
        told.pop("DATABASE_URL", None)
        subprocess.run([sys.executable, "-m", "core", "init", "--demo"], cwd=db.ROOT, env=told, check=True)
        command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
        process = subprocess.Popen(command, cwd=db.ROOT, env=told)
        try:
            for _ in range(120):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.5)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def settled(page: Page) -> None:
    """Once the page is whole and nothing of it is still being drawn."""
    page.wait_for_timeout(500)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
    page.wait_for_timeout(900)


def taken(page: Page, name: str) -> None:
    image = Image.open(io.BytesIO(page.screenshot()))
    image.save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)


def signed_in(browser: Browser, base: str, username: str, size: tuple[int, int], *, dark: bool = False) -> Page:
    width, height = size
    context = browser.new_context(
        locale="zh-CN", viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    page.goto(base)
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录").last.click()
    page.locator("h1").first.wait_for(timeout=60_000)
    settled(page)
    return page


def walk(browser: Browser, base: str, username: str, paths: tuple[str, ...], size: tuple[int, int], after: str) -> None:
    page = signed_in(browser, base, username, size, dark=after == "-dark")
    for path in paths:
        name = path.partition("?")[0]
        page.goto(f"{base}/{'' if path == 'home' else path}")
        settled(page)
        if name == "review":
            page.keyboard.press("j")
            settled(page)
        taken(page, f"{username}-{name}{after}")
    page.context.close()


def main() -> None:
    """All pictures anew, or with an address those of the demonstration that is served there."""
    asked = argparse.ArgumentParser(description=main.__doc__)
    asked.add_argument("address", nargs="?", help="of a demonstration that runs already")
    given = asked.parse_args().address
    FOLDER.mkdir(exist_ok=True)
    chromium = os.environ.get("TEST_BROWSER") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with nullcontext(given) if given else served() as base:
            page = browser.new_page(locale="zh-CN", viewport={"width": WIDE[0], "height": WIDE[1]})
            page.goto(base)
            settled(page)
            taken(page, "sign_in")
            page.close()
            for username, paths in PAGES.items():
                walk(browser, base, username, paths, WIDE, "")
            for username, paths in BY_PHONE.items():
                walk(browser, base, username, paths, WIDE, "")
                walk(browser, base, username, paths, PHONE, "-phone")
            for username, path in NIGHT:
                walk(browser, base, username, (path,), WIDE, "-dark")
        browser.close()
    size = sum(each.stat().st_size for each in FOLDER.glob("*.webp"))
    print(f"{len(list(FOLDER.glob('*.webp')))} pictures, {size / 2**20:.1f} MB")


if __name__ == "__main__":
    main()

"""Pictures of the pages (页面截图) for docs/screens: `python -m tests.screens` opens a demonstration and takes them.

Each page as the role sees it that works there most, in windows of three sizes, light and dark. Needs a Chromium, as the
browser tests do (`TEST_BROWSER`); it takes some minutes, and is no test.
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
from playwright.sync_api import Page, ViewportSize, sync_playwright

from core.ground import db

FOLDER = db.ROOT / "docs" / "screens"
PASSWORD = "Demo-2024-office"
SIZES: dict[str, ViewportSize] = {
    "": {"width": 1366, "height": 768},
    "-wide": {"width": 1440, "height": 900},
    "-phone": {"width": 390, "height": 844},
}
"""What a picture's name says of its window."""
QUALITY = 60
"""Of WebP: words stay sharp, and all pictures together are a few megabytes."""
PAGES = {
    "reviewer": (
        "home",
        "review",
        "credit_lookup?person=1",
        "people",
        "print_cards",
        "credit_import",
        "ledger",
        "exchange",
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
    "title": ("eligibility?view=按单位核验",),
    "leader": ("quota_dashboard", "presentation", "filed_figures"),
    "exam": ("exam_bank", "exams", "courses", "results"),
    "base": ("home", "filing", "paper?kind=plan", "classes"),
    "employer": ("public_notice",),
    "person": ("home", "credit_lookup", "learning", "eligibility"),
}


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
    """Pictures of the page that is open, in every size; the usual one and the telephone's by night as well."""
    for after, size in SIZES.items():
        page.set_viewport_size(size)
        if after == "-phone":
            page.reload()  # the menu gives way when a page is opened
            settled(page)
        for dark in (False, True) if after != "-wide" else (False,):
            page.emulate_media(color_scheme="dark" if dark else "light")
            page.wait_for_timeout(700)
            image = Image.open(io.BytesIO(page.screenshot()))
            image.save(FOLDER / f"{name}{after}{'-dark' if dark else ''}.webp", quality=QUALITY, method=4)
        page.emulate_media(color_scheme="light")
    page.set_viewport_size(SIZES[""])


def signed_in(page: Page, base: str, username: str) -> None:
    page.goto(base)
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.locator(".st-key-head").wait_for(timeout=60_000)
    settled(page)


def main() -> None:
    """All pictures anew, or with an address those of the demonstration that is served there."""
    asked = argparse.ArgumentParser(description=main.__doc__)
    asked.add_argument("address", nargs="?", help="of a demonstration that runs already")
    given = asked.parse_args().address
    FOLDER.mkdir(exist_ok=True)
    chromium = os.environ.get("TEST_BROWSER") or shutil.which("chromium")
    with sync_playwright() as playwright, nullcontext(given) if given else served() as base:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for username, paths in {"": ("sign_in",), **PAGES}.items():
            page = browser.new_page(locale="zh-CN", viewport=SIZES[""])
            if username:
                signed_in(page, base, username)
            for path in paths:
                name = path.partition("?")[0]
                page.goto(f"{base}/{'' if name in ('home', 'sign_in') else path}")
                settled(page)
                if name == "review":
                    page.keyboard.press("j")
                    settled(page)
                taken(page, f"{username}-{name}".strip("-"))
            page.close()
        browser.close()
    size = sum(each.stat().st_size for each in FOLDER.glob("*.webp"))
    print(f"{len(list(FOLDER.glob('*.webp')))} pictures, {size / 2**20:.1f} MB")


if __name__ == "__main__":
    main()

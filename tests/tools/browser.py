"""Chromium without a window, and the way through Snakemake's report in it."""

import os
import shutil
from contextlib import contextmanager

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.tools.project import apt_install

OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1000",
]
PACKAGES = ["chromium", "chromium-driver"]


def programs():
    """Look for a browser and its driver."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    return browser, shutil.which("chromedriver")


def install():
    """Install Chromium from Debian's packages, or skip the test and say why."""
    wanted = f"needs Chromium: apt-get install {' '.join(PACKAGES)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        pytest.skip(wanted)
    installed = apt_install(PACKAGES)
    if installed.returncode != 0:
        pytest.skip(f"{wanted}\n{installed.stderr}")


@contextmanager
def chromium(profile):
    """Start Chromium with an empty profile; it keeps a log of console and requests."""
    if not all(programs()):
        install()
    browser, driver = programs()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for option in [*OPTIONS, f"--user-data-dir={profile}"]:
        options.add_argument(option)
    logs = {"browser": "ALL", "performance": "ALL"}
    options.set_capability("goog:loggingPrefs", logs)
    service = webdriver.ChromeService(driver)
    with webdriver.Chrome(options=options, service=service) as running:
        yield running


def wait(browser, condition):
    """Wait until a function of the browser gives something true, and give it."""
    return WebDriverWait(browser, 30).until(condition)


def press(browser, name, by=By.LINK_TEXT):
    """Press an entry of the menu, or what else is found so.

    By a script: the page still moves while it is drawn, and a click at the place where
    the entry was would hit its neighbour.
    """

    def pressed(browser):
        browser.execute_script("arguments[0].click()", browser.find_element(by, name))
        return True

    redrawn = [StaleElementReferenceException]
    WebDriverWait(browser, 30, ignored_exceptions=redrawn).until(pressed)


def show(browser, page, category):
    """Open the page and press the eye of a category; give the frame that shows it."""
    browser.get(page.as_uri())
    press(browser, category)
    press(browser, "td a", By.CSS_SELECTOR)
    return wait(browser, lambda b: b.find_elements(By.TAG_NAME, "iframe"))[0]

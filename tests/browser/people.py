"""People at their phones, each in a browser with a profile of its own."""

import base64
import json
import os
import re
import sys
import tempfile

try:
    from selenium.common import exceptions
    from selenium.webdriver import ActionChains, Chrome, ChromeOptions, Keys
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common import utils
    from selenium.webdriver.support.select import Select
    from selenium.webdriver.support.wait import WebDriverWait
except ImportError:
    sys.exit("no Selenium here: install the Debian package python3-selenium")

CHROMIUM = "/usr/bin/chromium"
CHROMEDRIVER = "/usr/bin/chromedriver"
PATIENCE_S = 40

FLAGS = [
    "--headless=new",
    "--remote-debugging-pipe",  # the driver would look for localhost by name
    "--no-sandbox",  # also runs as root, in containers
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# What a page that is still moving may answer; asked again until it rests.
MOVING = (
    exceptions.ElementClickInterceptedException,
    exceptions.ElementNotInteractableException,
    exceptions.StaleElementReferenceException,
    IndexError,
)

# In one step: a page that keeps what was written would put it back.
EMPTY = """arguments[0].value = '';
arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"""

SHOWN = """return [...document.querySelectorAll(arguments[0])].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && box.height > 0 &&
        getComputedStyle(e).visibility === 'visible';
})"""


def find_missing():
    """The programs that are not here."""
    return [path for path in (CHROMIUM, CHROMEDRIVER) if not os.access(path, os.X_OK)]


class Driver(Service):
    """Found by its address: a bare Debian 12 has no /etc/hosts for localhost."""

    @property
    def service_url(self):
        return f"http://127.0.0.1:{self.port}"

    def is_connectable(self):
        return utils.is_connectable(self.port, "127.0.0.1")


class Browser:
    """A Chromium with one page."""

    def __init__(self, width, height, scale, phone=False):
        # All it keeps goes with it, even what it would put into a home.
        self._profile = tempfile.TemporaryDirectory(
            prefix="xiaofeng-chromium-", ignore_cleanup_errors=True
        )
        home = self._profile.name
        options = ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={home}/profile"):
            options.add_argument(flag)
        metrics = {"width": width, "height": height, "pixelRatio": scale}
        metrics |= {"mobile": phone, "touch": phone}
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
        options.add_experimental_option("prefs", {"intl.accept_languages": "zh-CN"})
        logs = {"browser": "ALL", "performance": "ALL"}
        options.set_capability("goog:loggingPrefs", logs)
        # With the path given, Selenium looks for no driver; nor is any proxy
        # between us, the driver and the daemon.
        os.environ["no_proxy"] = "*"
        service = Driver(CHROMEDRIVER, env={**os.environ, "HOME": home})
        self.driver = Chrome(service=service, options=options)
        self.driver.set_page_load_timeout(PATIENCE_S)
        self.driver.set_script_timeout(PATIENCE_S)

    def quit(self):
        self.driver.quit()
        self._profile.cleanup()

    def run(self, script, *args):
        """What a piece of JavaScript returns; a promise is waited for."""
        return self.driver.execute_script(script, *args)

    def draw(self, html):
        """Shows a page of our own."""
        self.driver.get("about:blank")
        self.run("document.documentElement.innerHTML = arguments[0]", html)
        self.run("return Promise.all([...document.images].map((i) => i.decode()))")

    def picture(self, **how):
        made = self.driver.execute_cdp_cmd("Page.captureScreenshot", how)
        return base64.b64decode(made["data"])


class Person(Browser):
    """Waits for whatever it is told to see or touch."""

    def __init__(self, dark=False, desk=False):
        """At a phone, or at a desk with a large screen."""
        super().__init__(*((1280, 800, 1) if desk else (390, 780, 2, True)))
        self._origin = ""
        self._cdp("Emulation.setTimezoneOverride", timezoneId="Asia/Shanghai")
        self._cdp("Emulation.setLocaleOverride", locale="zh-CN")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._cdp("Emulation.setEmulatedMedia", features=[scheme])
        where = {"latitude": 32.0436, "longitude": 118.7841, "accuracy": 10}
        self._cdp("Emulation.setGeolocationOverride", **where)

    def open(self, url):
        self._origin = re.match(r"\w+://[^/]+", url)[0]
        allowed = {"origin": self._origin, "permissions": ["geolocation"]}
        self._cdp("Browser.grantPermissions", **allowed)
        # What the browser's own first page asked for is not ours to judge.
        self.driver.get("about:blank")
        list(self._asked())
        self.driver.get(url)

    def enter(self, url, nick):
        self.open(url)
        self.fill("#nick", nick)
        self.click("#nick-box .main")
        self.shows("[role=tab]")

    def _cdp(self, name, **params):
        self.driver.execute_cdp_cmd(name, params)

    # ---- the page

    def wait(self, what, until):
        """Gives what until() gives once that is something."""
        waiting = WebDriverWait(self.driver, PATIENCE_S, 0.05, MOVING)
        return waiting.until(lambda _: until(), f"waited in vain for {what}")

    def all(self, selector):
        return self.run(SHOWN, selector)

    def texts(self, selector):
        return self.run(SHOWN + ".map((e) => e.innerText)", selector)

    def count(self, selector):
        return len(self.driver.find_elements("css selector", selector))

    def shows(self, selector, text=""):
        """Waits for an element with a text; gives the element."""
        return self.wait(
            f"{selector} {text}",
            lambda: [e for e in self.all(selector) if text in e.text][0],
        )

    def hides(self, selector):
        self.wait(f"no {selector}", lambda: not self.all(selector))

    def click(self, selector, nth=0):
        def act():
            found = self.all(selector)[nth]
            # Not below a bar: a page says by its scroll-padding where those are.
            self.run("arguments[0].scrollIntoView({block: 'nearest'})", found)
            found.click()
            return True

        self.wait(f"a click on {selector}", act)

    def fill(self, selector, text):
        def write():
            field = self.all(selector)[0]
            if field.get_attribute("value"):
                self.run(EMPTY, field)
            field.send_keys(text)
            return True

        self.wait(f"a text in {selector}", write)

    def attach(self, selector, path):
        """Gives a file to a field, which need not be shown."""
        self.driver.find_element("css selector", selector).send_keys(path)

    def choose(self, selector, value):
        Select(self.shows(selector)).select_by_value(value)

    def press(self, selector, key):
        """A key while an element has the focus."""
        self.run("arguments[0].focus()", self.shows(selector))
        ActionChains(self.driver).send_keys(getattr(Keys, key)).perform()

    # ---- the chat

    def group(self):
        self.click("[role=tab]", 0)

    def private(self):
        self.click("[role=tab]", -1)

    def say(self, text):
        """Writes and waits until it is kept."""
        self.fill("#text", text)
        self.click("#send")
        self.sent()

    def sent(self):
        self._last_is("sent")

    def sending(self):
        self._last_is("sending")

    def _last_is(self, state):
        last = "li.message.mine:not(:has(~ li.message.mine))"
        self.shows(f"{last} .{state}")

    def sees(self, pattern, kind=""):
        """Waits for a text in the open chat; gives the whole message."""

        def find():
            texts = self.texts(f"li.message{kind}")
            return [text for text in texts if re.search(pattern, text)][-1]

        return self.wait(f"a message with {pattern}", find)

    def hears(self, pattern):
        return self.sees(pattern, ".bot")

    def messages(self):
        return self.texts("li.message .text")

    # ---- what no page may do

    def problems(self):
        """Errors of the page, and requests to anywhere but the daemon."""
        found = []
        for entry in self.driver.get_log("browser"):
            # A connection that breaks is reported by the browser itself.
            if entry["level"] == "SEVERE" and "WebSocket" not in entry["message"]:
                found.append(entry["message"])
        asked = list(self._asked())
        if not asked:
            found.append("no request was seen, not even for the page")
        own = (f"{self._origin}/", f"blob:{self._origin}/", "data:")
        own += (own[0].replace("http", "ws", 1),)
        found += [f"a request to {url}" for url in asked if not url.startswith(own)]
        return found

    def _asked(self):
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                yield event["params"]["request"]["url"]
            elif event["method"] == "Network.webSocketCreated":
                yield event["params"]["url"]

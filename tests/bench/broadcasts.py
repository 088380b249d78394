"""A broadcast from the console to the wire: as fast as it goes, and paced."""

import json
import statistics
import subprocess
import threading
import time
import urllib.request

import staff
from parts import connect, figures, wait_for

ACCOUNTS = 20
GROUPS = 500  # of each account
PACED_RATE = 50  # messages a second of each account
PACED_BURST = 5
PACED_GROUPS = 300
TEXT = "周五下午三点,夫子庙驿站发放防暑用品,请带上骑手证。"


class Console:
    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/api/v1"
        self.headers = {
            "Cookie": f"xf_session={staff.SESSION}0",
            "X-CSRF-Token": staff.SESSION,
            "Content-Type": "application/json",
        }

    def __call__(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        asked = urllib.request.Request(
            self.url + path, data=data, method=method, headers=self.headers
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.loads(answer.read() or "null")

    def draft(self):
        return self("POST", "/broadcasts", {
            "lane": "notice", "title": "防暑用品", "text": TEXT, "target": "groups",
            "audience": {"platform": "qq"}, "hours": "ignore"})

    def submit(self, draft):
        return self("POST", f"/broadcasts/{draft['id']}/moves",
                    {"move": "submit", "version": draft["version"]})

    def progress(self, id):
        return self("GET", f"/broadcasts/{id}/progress")


def begin(bench, groups, rate, pace):
    here = bench.fresh()
    redis = connect(bench.redis(here))
    staff.write_users(redis)
    process, port = bench.daemon(here, here + "/redis.sock", pace)
    peer = subprocess.Popen(
        [bench.program("bench_accounts"), str(port), str(process.pid), str(ACCOUNTS),
         str(groups), str(rate), str(PACED_BURST)], stdout=subprocess.PIPE, text=True)
    peer.stdout.readline()
    wait_for("the groups", lambda: redis("SCARD", staff.key("groups")) > ACCOUNTS * groups)
    return Console(port), peer


def watch(console, id, began, seen):
    """When the console's figures first move, and when they are all there."""
    while "done" not in seen:
        now = console.progress(id)
        sent = now["counts"]["sent"]
        if sent > 0:
            seen.setdefault("first", time.monotonic() - began)
        if sent == now["total"]:
            seen["done"] = time.monotonic() - began
        time.sleep(0.01)


def fast(bench):
    console, peer = begin(bench, GROUPS, 0, None)
    draft = console.draft()
    began = time.monotonic()
    console.submit(draft)
    seen = {}
    watcher = threading.Thread(target=watch, args=(console, draft["id"], began, seen))
    watcher.start()
    got = figures(peer.communicate(timeout=60)[0])
    watcher.join(60)
    n = ACCOUNTS * GROUPS
    return n / got["seconds"], got["cpu"] / n * 1e6, seen["first"], seen["done"]


def paced(bench):
    pace = {"account_rate": PACED_RATE, "account_burst": PACED_BURST}
    console, peer = begin(bench, PACED_GROUPS, PACED_RATE, pace)
    console.submit(console.draft())
    return figures(peer.communicate(timeout=60)[0])["worst"]


def measure(bench, row, title, rounds):
    title(f"A broadcast to {ACCOUNTS * GROUPS:,} groups over {ACCOUNTS} accounts, pacing off")
    got = [fast(bench) for _ in range(rounds)]
    rate, cpu, first, done = (statistics.median(x) for x in zip(*got))
    row("sends/s from the first to the last on the wire", f"{rate:,.0f}", "", "100,000/s",
        rate >= 100000)
    row("  CPU a send, frozen, sent and kept", f"{cpu:.1f} us")
    row("  from the order to the first figure in the console", f"{first * 1000:.0f} ms", "",
        "1,000 ms", first <= 1)
    row("  from the order to the last outcome in it", f"{done * 1000:.0f} ms")
    title(f"The same, {PACED_RATE} messages a second of each account")
    worst = statistics.median(paced(bench) for _ in range(rounds))
    row("the account that strayed most from its schedule", f"{worst:.2f} %", "", "1 %",
        worst <= 1)

"""Staff at work: the API, the board of tickets, open consoles."""

import hashlib
import random
import statistics
import subprocess
import time

from parts import DISTRICT, connect, figures, rss, wait_for

TICKETS = 100000
CLOSED = 1000
FIRST_RIDER = 1200000000
MOVES_S = 4
LIVE_S = 15
LIVE_RATE = 2000  # tickets a minute
PAGES = 200
SESSION = "bench"
USERS = 5

PLACES = ["新街口", "夫子庙", "三山街", "中华门", "长乐路", "瑞金路", "大光路", "洪武路"]
THINGS = ["换电柜", "充电桩", "驿站", "井盖", "路灯", "电动车棚", "快递柜", "饮水机"]
FAULTS = ["坏了", "没有电", "没人管", "松动了", "漏水", "被占用", "排队太久", "找不到入口"]
WISHES = ["请尽快处理。", "已经三天了,没有人来修!", "晚上看不清,很危险。", "希望能多设几个。",
          "平台说不归他们管,到底找谁?", "上次也是这样,请给个说法。"]


def key(name):
    return f"{{{DISTRICT}}}:{name}"


def write_users(redis):
    now = int(time.time() * 1000)
    for i in range(USERS):
        redis("HSET", key(f"user:bench{i}"), "v", 1, "display", f"王社工{i}", "grants",
              "admin * *", "created", 1)
        secret = hashlib.sha256(f"{SESSION}{i}".encode()).hexdigest()
        redis("HSET", key("session:" + secret), "user", f"bench{i}", "csrf", SESSION,
              "created", now)


def text_of(chance):
    return "".join((chance.choice(PLACES), chance.choice(["地铁站旁边的", "路口的", ""]),
                    chance.choice(THINGS), chance.choice(FAULTS), ",",
                    *(chance.choice(WISHES) for _ in range(chance.randint(1, 6)))))


def write_tickets(redis, n):
    """As they are stored without a key: a tenth is open."""
    chance = random.Random(1)
    now = int(time.time() * 1000)
    commands = []
    for i in range(1, n + 1):
        id = f"S{i}"
        created = now - (n - i) * 300000
        private = "\x1f".join((text_of(chance), chance.choice(PLACES), "32.0%d" % (i % 997),
                               "118.7%d" % (i % 991), "小王"))
        open = i > n - n // 10
        state = "routed" if open else "confirmed"
        commands.append(
            ("HSET", key("ticket:" + id), "v", 1, "created", created, "private", private,
             "state", state, "rider", f"qq.{i}", "account", "qq.10001000", "chat", f"qq.u{i}",
             "category", chance.choice(["charge", "wage", "rest", "parking"]), "unit",
             "district", "updated", created, "level", 1)
            + (("resolve", now + i * 1000) if open
               else ("answered", created + 7200000, "closed", created + 86400000, "rating", 5)))
        commands.append(("ZADD", key("open" if open else "ended"), created, id))
        if len(commands) >= 5000:
            redis.many(commands)
            commands = []
    redis.many(commands)
    redis("SET", key("number"), 2 * n)


def text_bytes(n):
    chance = random.Random(1)
    return statistics.mean(len(text_of(chance).encode()) for _ in range(min(n, 1000)))


class Staff:
    def __init__(self, bench, process, port):
        self.bench = bench
        self.args = [bench.program("bench_staff"), str(port), str(process.pid)]

    def __call__(self, what, number, last):
        command = self.args + [what, SESSION, str(number), str(last)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        return figures(done.stdout)


def begin(bench, tickets):
    here = bench.fresh()
    redis = connect(bench.redis(here))
    write_users(redis)
    write_tickets(redis, tickets)
    process, port = bench.daemon(here, here + "/redis.sock")
    return redis, process, port, Staff(bench, process, port)


def board(bench, row):
    _, process, _, staff = begin(bench, TICKETS)
    before = rss(process.pid)[0]
    first = staff("get", 1, "/tickets?limit=50")
    row(f"the first list, while {TICKETS:,} tickets are read", f"{first['max'] / 1000:.1f} s")
    got = staff("get", PAGES, "/tickets?open=1&sort=due&limit=50")
    row("first screen of the queue, with its counts: median", f"{got['p50']:.1f} ms", "",
        "20 ms", got["p50"] <= 20)
    row("  p99", f"{got['p99']:.1f} ms", "", f"{got['bytes'] / 1024:.0f} KB")
    got = staff("get", PAGES, "/tickets?sort=updated&order=desc&limit=50")
    row("of all tickets, the latest first: median", f"{got['p50']:.1f} ms", "",
        f"20 ms (p99 {got['p99']:.1f} ms)", got["p50"] <= 20)
    for name, words in (("one word", "换电柜"), ("two words", "换电柜 没人管"),
                        ("what is nowhere", "没有这样的词")):
        got = staff("get", PAGES, "/tickets?limit=20&q=" + quote(words))
        row(f"search over {TICKETS:,} texts of {text_bytes(TICKETS):.0f} bytes, {name}",
            f"{got['p50']:.1f} ms", "", f"50 ms (p99 {got['p99']:.1f} ms)", got["p50"] <= 50)
    got = staff("get", 50, "/statistics")
    row("statistics of 30 days: median", f"{got['p50']:.1f} ms")
    more = rss(process.pid)[0] - before
    row("memory of the board", f"{more:.1f} MB", "", "60 MB", more <= 60)


def quote(text):
    return "".join(f"%{byte:02X}" for byte in text.encode())


def moves(bench, row):
    _, _, _, staff = begin(bench, TICKETS)
    got = staff("moves", MOVES_S, TICKETS - TICKETS // 10 + 1)
    row("claims and releases/s, appendfsync always", f"{got['rate']:,.0f}", "",
        f"{got['cpu'] * 100:.0f} % of a core")
    row("  CPU a move", f"{got['cpu_us']:.0f} us")


def live(bench, row):
    _, process, _, staff = begin(bench, 1000)
    staff("get", 1, "/tickets")
    got = staff("live", LIVE_S, LIVE_RATE)
    if got["heard"] < got["expected"]:
        raise RuntimeError(f"consoles heard {got['heard']:.0f} of {got['expected']:.0f}")
    row(f"200 consoles, {LIVE_RATE:,} tickets a minute: CPU", f"{got['cpu'] * 100:.0f} %", "",
        f"{got['expected'] / LIVE_S:,.0f} messages/s of {got['bytes']:.0f} bytes")
    row("  from the filing to a console: p50", f"{got['p50']:.0f} ms")
    row("  p99", f"{got['p99']:.0f} ms", "", "500 ms", got["p99"] <= 500)


def bytes_of_closed(bench, row):
    here = bench.fresh()
    redis = connect(bench.redis(here))
    write_users(redis)
    process, port = bench.daemon(here, here + "/redis.sock")
    staff = Staff(bench, process, port)

    def rated():
        ids = [f"S{i}" for i in range(first, first + CLOSED)]
        got = redis.many([("HGET", key("ticket:" + id), "rating") for id in ids])
        return got.count("5") == CLOSED

    bench.peer(port, process.pid, "requests", CLOSED, 60, FIRST_RIDER)
    first = min(int(name.rsplit("S", 1)[1]) for name in redis.keys(key("ticket:S*")))
    staff("close", CLOSED, first)
    bench.peer(port, process.pid, "ratings", CLOSED, FIRST_RIDER)
    wait_for("all ratings", rated)
    each = {name: redis.memory_of(key(name)) / CLOSED
            for name in ("ticket:*", "log:*", "tickets:*", "ended", "audit")}
    total = sum(each.values())
    row("a request that was claimed, answered, closed and rated", f"{total:.0f}", "",
        f"itself {each['ticket:*']:.0f}, history {each['log:*']:.0f}, "
        f"audit {each['audit']:.0f}")


def measure(bench, row, title):
    title(f"Staff: a board of {TICKETS:,} tickets")
    board(bench, row)
    moves(bench, row)
    title("Consoles that are open")
    live(bench, row)
    title(f"Bytes in Redis of a ticket at its end, by MEMORY USAGE; {CLOSED:,} of them")
    bytes_of_closed(bench, row)

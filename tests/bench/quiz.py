"""Riders answer the question of the day: as fast as it goes, and 50,000 of them
in a minute."""

import statistics
import subprocess

from parts import DISTRICT, connect, figures, wait_for

ROUNDS = 3
RIDERS = 50000
RATE = 850  # a second: RIDERS in a minute
PACED_S = 60
FULL = 1000000
FULL_S = 2.5


def key(name):
    return f"{{{DISTRICT}}}:{name}"


def put_question(redis):
    """One question of four options, and a daily quiz over the whole bank."""
    redis("HSET", key("record:question:Q1"), "v", 1, "order", 1, "kind", "single", "text",
          "电动自行车在非机动车道的最高时速是多少？", "options", "\x1f".join(("15 公里", "25 公里", "35 公里", "不限")),
          "correct", "2", "why", "《南京市非机动车管理条例》规定最高时速 25 公里。", "created", 1)
    redis("ZADD", key("records:question"), 1, "Q1")
    redis("HSET", key("record:quiz:Z1"), "v", 1, "order", 1, "kind", "daily", "state", "open", "title",
          "每日一题", "n", 1, "points", 1, "at", 0, "created", 1)
    redis("ZADD", key("records:quiz"), 1, "Z1")
    redis("SADD", key("quizzesopen"), "Z1")
    redis("INCR", key("quizchanges"))


def begin(bench):
    here = bench.fresh()
    path = bench.redis(here)
    redis = connect(path)
    put_question(redis)
    process, port = bench.daemon(here, path)
    wait_for("the day's question", lambda: redis("HMGET", key("record:quiz:Z1"), "asked") == ["Q1"])
    return process, port, redis


def run(bench, process, port, *args):
    command = [bench.program("bench_quiz"), port, process.pid, *args]
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, check=True, text=True)
    return figures(done.stdout)


def full_speed(bench):
    process, port, _ = begin(bench)
    run(bench, process, port, "answers", 2000, 2, 1000000000)
    return run(bench, process, port, "answers", FULL, FULL_S, 1100000000)


def measure(bench, row, title):
    title("The question of the day, each rider's answer with its points and places")
    full = [full_speed(bench) for _ in range(ROUNDS)]
    rate = statistics.median(r["rate"] for r in full)
    cpu = statistics.median(r["cpu_us"] for r in full)
    row("answers/s, appendfsync always", f"{rate:,.0f}", "", f"at least {RATE:,}", rate >= RATE)
    row("CPU an answer", f"{cpu:.1f} us")
    process, port, redis = begin(bench)
    got = run(bench, process, port, "paced", RATE, PACED_S, 1200000000)
    counts = redis("HMGET", next(iter(redis.keys(key("counts:Z1.*")))), "started", "finished")
    riders = int(got["count"])
    if counts != [str(riders)] * 2:
        raise RuntimeError(f"{riders} answers, counted {counts}")
    row(f"p50 at {RATE}/s, {riders:,} riders in a minute", f"{got['p50']:.2f} ms")
    row(f"p99 at {RATE}/s", f"{got['p99']:.2f} ms", "", "under 50 ms", got["p99"] < 50)
    row("  CPU an answer", f"{got['cpu_us']:.1f} us")

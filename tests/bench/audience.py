"""Who is reached: 1,000,000 riders and 10,000 groups in memory."""

import subprocess

from parts import DISTRICT, connect, figures

RIDERS = 1000000
GROUPS = 10000
STEP = 20000

# By a script of Redis, or it would take longer than all the rest.
FILL = """
local tag, first, last, riders = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
for i = first, last do
    local units = 'c' .. i % 100 .. ',f' .. i % 213
    local more = {'v', 1, 'units', units, 'stations', 's' .. i % 97, 'tags',
        't' .. i % 7 .. ',u' .. i % 3, 'lang', i % 20 == 0 and 'en' or 'zh-CN'}
    if riders then
        redis.call('HSET', tag .. 'rider:qq.' .. 1000000000 + i, 'consent',
            i % 10 == 0 and 'no:1:5' or 'yes:1:5', 'account', 'qq.' .. 1000 + i % 20, unpack(more))
    else
        local chat = 'qq.g' .. 700000000 + i
        redis.call('HSET', tag .. 'group:' .. chat, 'title', 'group ' .. i, 'accounts',
            'qq.' .. 1000 + i % 20 .. ',qq.' .. 2000 + i % 20, unpack(more))
        redis.call('SADD', tag .. 'groups', chat)
    end
end
"""


def fill(redis):
    tag = f"{{{DISTRICT}}}:"
    for riders, n in ((1, RIDERS), (0, GROUPS)):
        for first in range(0, n, STEP):
            redis("EVAL", FILL, 0, tag, first, min(first + STEP, n) - 1, riders)


def measure(bench, row, title):
    here = bench.fresh()
    path = bench.redis(here, "no")
    fill(connect(path))
    command = [bench.program("bench_audience"), f"unix://{path}", DISTRICT]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    got = figures(done.stdout)
    title(f"Who is reached: {got['members']:,.0f} riders and groups")
    row("loaded in the background, on first use", f"{got['load_s']:.1f} s",
        f"{got['load_cpu_s']:.1f} s of CPU")
    row("  the loop was busy at most", f"{got['first_pause_ms']:.0f} ms", "", "50 ms",
        got["first_pause_ms"] <= 50)
    row("bytes in memory, each", f"{got['bytes_each']:.0f}", "",
        f"under 100 ({got['allocated_each']:.0f} allocated)", got["allocated_each"] < 100)
    for name, what in (
        ("everybody", "everybody"),
        ("unit", "a community"),
        ("combined", "units, tags, stations, languages: and, or, not"),
        ("leaves", "64 leaves"),
        ("groups", "groups"),
    ):
        ms, cpu = got[name + "_ms"], got[name + "_cpu_ms"]
        row(f"{what}: {got[name + '_n']:,.0f} found and listed", f"{ms:.0f} ms",
            f"{cpu:.0f} ms of CPU", f"2 s ({got[name + '_pause_ms']:.0f} ms at a time, 50)",
            ms < 2000 and got[name + "_pause_ms"] <= 50)

"""The processes of a bench: Redis, the daemon, the reference, their peer."""

import os
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

from resp import Redis

TOKEN = "bench"
DISTRICT = "bench"

# The same as the private Redis of the daemon has, but for the directory.
REDIS = """port 0
unixsocket {dir}/redis.sock
dir {dir}
logfile {dir}/redis.log
databases 1
save ""
appendonly yes
appendfsync {fsync}
hash-max-listpack-value 1024
hash-max-listpack-entries 128
stream-node-max-entries 1000
latency-tracking no
"""

DAEMON = """[xiaofeng]
district = {district}
data_dir = {dir}/data
log_level = warn
[server]
port = {port}
[onebot11]
token = {token}
[pace]
account_rate = {account_rate}
account_burst = {account_burst}
group_rate = 0
broadcast_jitter = 0s
[rider]
rate = 0
[api]
rate = 0
burst = 10000
peer_rate = 0
[form]
group = 1s
[web.group bench]
title = 秦淮区外卖站点
"""


def free_port():
    """Below those that the kernel gives to connections going out."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) != 0:
                return port


def wait_for(what, test, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if test():
            return
        time.sleep(0.005)
    raise RuntimeError("this did not come: " + what)


def ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
            return True
    except OSError:
        return False


def figures(text):
    """The "name value" lines a program of the bench prints."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: float(pair[1]) for pair in pairs if len(pair) == 2}


def rss(pid):
    """Resident memory of a process in MB, and what of it is its own."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        fields = dict(line.split(":", 1) for line in f)
    return tuple(int(fields[n].split()[0]) / 1024 for n in ("VmRSS", "RssAnon"))


class Bench:
    def __init__(self, build, dir):
        self.build = build
        self.dir = dir
        self.running = []
        self.rounds = 0

    def program(self, name):
        return os.path.join(self.build, "tests", "bench", name)

    def start(self, args):
        process = subprocess.Popen(args, stdin=subprocess.DEVNULL)
        self.running.append(process)
        return process

    def stop(self, process=None):
        """Ends one that start() has started, or all, the last one first."""
        for p in [process] if process else self.running[::-1]:
            p.send_signal(signal.SIGTERM)
            try:
                p.wait(12)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
            self.running.remove(p)

    def fresh(self):
        """A directory of its own for each round."""
        self.stop()
        shutil.rmtree(self.dir + f"/{self.rounds}", ignore_errors=True)
        self.rounds += 1
        here = self.dir + f"/{self.rounds}"
        os.makedirs(here + "/data")
        return here

    def redis(self, here, fsync="always"):
        conf = here + "/redis.conf"
        with open(conf, "w", encoding="utf-8") as f:
            f.write(REDIS.format(dir=here, fsync=fsync))
        self.start(["redis-server", conf])
        path = here + "/redis.sock"
        wait_for("Redis", lambda: os.path.exists(path))
        return path

    def daemon_command(self, here, port, redis=None, pace=None):
        conf = here + "/xiaofeng.conf"
        with open(conf, "w", encoding="utf-8") as f:
            pace = {"account_rate": 0, "account_burst": 20} | (pace or {})
            f.write(DAEMON.format(district=DISTRICT, dir=here, port=port, token=TOKEN,
                                  **pace))
            os.chmod(conf, 0o600)  # it holds a token
            if redis:
                f.write(f"[redis]\nurl = unix://{redis}\n")
        return [os.path.join(self.build, "xiaofeng"), "--config", conf]

    def listening(self, port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def daemon(self, here, redis=None, pace=None):
        port = free_port()
        process = self.start(self.daemon_command(here, port, redis, pace))
        wait_for("the daemon", lambda: ready(port))
        return process, port

    def reference(self, mode, redis="-", *more):
        port = free_port()
        args = [self.program("bench_bot"), str(port), redis, mode, *more]
        process = self.start(args)
        wait_for("the reference", lambda: self.listening(port))
        return process, port

    def peer(self, port, pid, *args):
        command = [self.program("bench_peer"), str(port), str(pid)]
        done = subprocess.run(
            command + [str(a) for a in args], stdout=subprocess.PIPE, check=True, text=True
        )
        return figures(done.stdout)


def connect(path):
    return Redis(path)

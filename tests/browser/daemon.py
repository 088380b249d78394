"""A daemon of its own for the test: an embedded Redis and a data directory that
goes with it, on a free port of 127.0.0.1."""

import os
import re
import subprocess
import tempfile
import threading

PROGRAM = os.path.join(os.environ.get("XIAOFENG_BUILD", "build/test"), "xiaofeng")
PATIENCE_S = 60

SETTINGS = """
[xiaofeng]
district = qinhuai
operator_name = 秦淮区新就业群体服务中心
contact = 025-00000000
data_dir = {dir}/data

[server]
address = 127.0.0.1
port = {port}

[web.group qinhuai]
title = 秦淮区外卖站点
"""


class Daemon:
    def __init__(self, more=""):
        """more: settings beside those that every test needs; {port} is known
        from the second start on."""
        self._more = more
        self._dir = tempfile.TemporaryDirectory(prefix="xiaofeng-")
        self._config = os.path.join(self._dir.name, "xiaofeng.conf")
        self._port = 0
        self._child = None
        self.log = ""
        self.port = 0
        self.url = ""

    def also(self, more):
        """More settings, from the next start on."""
        self._more += more

    def start(self):
        """Starts it; after a stop, on the port it had before."""
        with open(self._config, "w", encoding="utf-8") as f:
            settings = SETTINGS + self._more
            f.write(settings.format(dir=self._dir.name, port=self._port))
        self._child = subprocess.Popen(
            [PROGRAM, "-c", self._config],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        self.log = ""
        self._up = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._up.wait(PATIENCE_S)
        if not self._is_up():
            raise RuntimeError(f"the daemon did not start\n{self.log}")
        self.port = self._port
        self.url = f"http://127.0.0.1:{self._port}"

    def _read(self):
        for line in self._child.stderr:
            self.log += line
            if self._is_up():
                self._up.set()
        self._up.set()

    def _is_up(self):
        port = re.search(r"listening on .*port (\d+)", self.log)
        if not port or "store is up" not in self.log:
            return False
        self._port = int(port[1])
        return True

    def command(self, *args, given=None):
        """What the program does beside the running daemon."""
        return subprocess.run(
            [PROGRAM, "-c", self._config, *args],
            capture_output=True,
            encoding="utf-8",
            input=given,
            timeout=PATIENCE_S,
            check=False,
        )

    def code(self, role):
        """A one-time code that ties a chat account to a role."""
        made = self.command("code", role)
        code = re.search(r"\b[A-Z0-9]{6,}\b", made.stdout)
        if not code:
            raise RuntimeError(f"no code\n{made.stderr}")
        return code[0]

    def stop(self):
        """Gives the exit status, and what it wrote is complete."""
        self._child.terminate()
        try:
            status = self._child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            status = self._child.wait()
        self._reader.join()
        self._child.stderr.close()
        return status

    def remove(self):
        if self._child and self._child.poll() is None:
            self.stop()
        self._dir.cleanup()

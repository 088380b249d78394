"""As much of Redis's protocol as the bench needs, on a unix socket."""

import socket


class Redis:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def _send(self, commands):
        out = bytearray()
        for command in commands:
            out += b"*%d\r\n" % len(command)
            for word in command:
                word = word if isinstance(word, bytes) else str(word).encode()
                out += b"$%d\r\n%s\r\n" % (len(word), word)
        self.socket.sendall(out)

    def _answer(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else self.file.read(size + 2)[:-2].decode()
        if kind == b"*":
            return [self._answer() for _ in range(int(rest))]
        return rest.decode()

    def many(self, commands):
        answers = []
        for i in range(0, len(commands), 500):
            part = commands[i : i + 500]
            self._send(part)
            answers += [self._answer() for _ in part]
        return answers

    def __call__(self, *command):
        return self.many([command])[0]

    def used_memory(self):
        for line in self("INFO", "memory").splitlines():
            if line.startswith("used_memory:"):
                return int(line.split(":")[1])
        raise RuntimeError("INFO has no used_memory")

    def keys(self, pattern):
        found, cursor = [], "0"
        while True:
            cursor, some = self("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            found += some
            if cursor == "0":
                return found

    def memory_of(self, pattern):
        """Bytes of all keys that match."""
        keys = self.keys(pattern)
        return sum(self.many([("MEMORY", "USAGE", k, "SAMPLES", 0) for k in keys]))

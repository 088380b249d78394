"""QQ accounts for the test: a OneBot 11 implementation that connects to the
daemon, is in groups, takes what is sent to them and refuses when it is told to.
The standard library's sockets only: Debian 12 and 13 differ in python3-websockets."""

import base64
import json
import os
import socket
import struct
import threading
import time

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
FIRST_MESSAGE_ID = 1000
RECALLED_AT_MOST = 120  # seconds, as on the platform


class Account:
    """One account; its own thread reads and answers."""

    def __init__(self, port, token, self_id, groups):
        """groups: titles by number."""
        self.self_id = self_id
        self.groups = groups
        self.refusal = ""  # the words, when it refuses
        self.refuses = set()  # groups that it always refuses
        self.sent = []  # (group, text) in order
        self.refused = []
        self.recalled = []
        self._messages = {}
        self._changed = threading.Condition()
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._socket.settimeout(None)
        self._in = b""
        self._greet(port, token)
        self._say(post_type="meta_event", meta_event_type="lifecycle",
                  sub_type="connect")
        threading.Thread(target=self._run, daemon=True).start()

    def close(self):
        try:
            self._frame(CLOSE, struct.pack("!H", 1000))
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the daemon was first
        self._socket.close()

    def wait(self, what, until, patience_s=30):
        """Until something is true of what has come."""
        with self._changed:
            if not self._changed.wait_for(until, patience_s):
                raise AssertionError(f"{self.self_id}: waited in vain for {what}")

    def says(self, group, user, text):
        """What a rider writes in a group."""
        with self._changed:
            number = FIRST_MESSAGE_ID + int(time.monotonic() * 1000)
        self._say(
            post_type="message", message_type="group", sub_type="normal",
            message_id=number, group_id=int(group), user_id=int(user),
            message=[{"type": "text", "data": {"text": text}}], raw_message=text,
            font=14, sender={"user_id": int(user), "nickname": f"骑手{user}"},
        )

    # ---- frames

    def _greet(self, port, token):
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            "GET /onebot/v11/ws HTTP/1.1", f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
            f"Authorization: Bearer {token}", f"X-Self-ID: {self.self_id}",
            "X-Client-Role: Universal", "", "",
        )
        self._socket.sendall("\r\n".join(lines).encode())
        while b"\r\n\r\n" not in self._in:
            self._more()
        head, self._in = self._in.split(b"\r\n\r\n", 1)
        if not head.startswith(b"HTTP/1.1 101"):
            raise RuntimeError(head.decode(errors="replace"))

    def _more(self):
        got = self._socket.recv(65536)
        if not got:
            raise ConnectionError("the daemon has hung up")
        self._in += got

    def _take(self, n):
        while len(self._in) < n:
            self._more()
        taken, self._in = self._in[:n], self._in[n:]
        return taken

    def _receive(self):
        """The next whole message: its opcode and bytes."""
        whole, first = b"", 0
        while True:
            begin, size = self._take(2)
            if size == 126:
                (size,) = struct.unpack("!H", self._take(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", self._take(8))
            opcode, data = begin & 15, self._take(size)
            if opcode >= CLOSE:
                return opcode, data
            first = first or opcode
            whole += data
            if begin & 128:
                return first, whole

    def _frame(self, opcode, data):
        size = len(data)
        head = bytes([128 | opcode])
        if size < 126:
            head += bytes([128 | size])
        elif size < 65536:
            head += struct.pack("!BH", 128 | 126, size)
        else:
            head += struct.pack("!BQ", 128 | 127, size)
        mask = os.urandom(4)
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        self._socket.sendall(head + mask + masked)

    def _say(self, **event):
        event |= {"time": int(time.time()), "self_id": int(self.self_id)}
        self._frame(TEXT, json.dumps(event).encode())

    # ---- what the daemon calls

    def _run(self):
        try:
            while True:
                opcode, data = self._receive()
                if opcode == PING:
                    self._frame(PONG, data)
                elif opcode == CLOSE:
                    return
                elif opcode == TEXT:
                    self._call(json.loads(data))
        except OSError:
            pass  # one of us has closed

    def _call(self, call):
        acts = {
            "get_login_info": self._login,
            "get_group_list": self._group_list,
            "send_group_msg": self._send_group,
            "send_private_msg": self._send_private,
            "delete_msg": self._delete,
        }
        act = acts.get(call.get("action"))
        with self._changed:
            data, words = (None, "不支持的API") if act is None else act(call["params"])
            self._changed.notify_all()
        answer = {"status": "failed", "retcode": 1200} if words else {
            "status": "ok", "retcode": 0}
        answer |= {"data": data, "message": words, "wording": words,
                   "echo": call.get("echo", "")}
        self._frame(TEXT, json.dumps(answer).encode())

    def _login(self, _params):
        return {"user_id": int(self.self_id), "nickname": "站点助手"}, ""

    def _group_list(self, _params):
        return [
            {"group_id": int(number), "group_name": title, "member_count": 40,
             "max_member_count": 200}
            for number, title in self.groups.items()
        ], ""

    def _send_group(self, params):
        group = str(params["group_id"])
        text = text_of(params["message"])
        if self.refusal or group in self.refuses:
            self.refused.append((group, text))
            return None, self.refusal or "不允许在本群发言"
        number = FIRST_MESSAGE_ID + len(self._messages)
        self._messages[number] = (group, time.monotonic())
        self.sent.append((group, text))
        return {"message_id": number}, ""

    def _send_private(self, params):
        number = FIRST_MESSAGE_ID + len(self._messages)
        self._messages[number] = (str(params["user_id"]), time.monotonic())
        return {"message_id": number}, ""

    def _delete(self, params):
        chat, at = self._messages.get(int(params["message_id"]), ("", 0))
        if not chat or time.monotonic() - at > RECALLED_AT_MOST:
            return None, "撤回超时"
        self.recalled.append(chat)
        return None, ""


def text_of(message):
    """All that is text in a message."""
    if isinstance(message, str):
        return message
    return "".join(part["data"].get("text", "") for part in message
                   if part["type"] == "text")

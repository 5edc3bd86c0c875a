"""A platform that takes pushes and counts them, and is out of order in every way on request."""

import json
import random
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = Callable[[str], dict[str, Any] | bytes | None]


class Platform:
    """Speaks enough of api.weixin.qq.com and qyapi.weixin.qq.com to be pushed to.

    `heard` holds (person, text) of what it took; `trouble` is asked for each push and may answer in its place:
    a dictionary (an errcode), bytes that are no answer, or None to break the line. `takes` says whether the push
    counts all the same, as one whose answer was lost does.
    """

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.tokens = 0
        self.trouble: Answer | None = None
        self.takes = False
        self.slow_s = 0.0
        self._lock = threading.Lock()
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer({})

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                self._answer(json.loads(self.rfile.read(length) or b"{}"))

            def _answer(self, body: dict[str, Any]) -> None:
                answer = platform.take(self.path, body)
                if answer is None:
                    self.close_connection = True
                    self.connection.close()
                    return
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Platform":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, path: str, body: dict[str, Any]) -> dict[str, Any] | bytes | None:
        place = urlsplit(path)
        if place.path.endswith("token"):
            with self._lock:
                self.tokens += 1
                return {"errcode": 0, "access_token": f"TOKEN-{self.tokens}", "expires_in": 7200}
        assert parse_qs(place.query)["access_token"]
        if self.slow_s:
            time.sleep(self.slow_s)
        answer: dict[str, Any] | bytes | None = {"errcode": 0, "errmsg": "ok"}
        trouble = self.trouble
        if trouble is not None:
            answer = trouble(place.path)
        if trouble is None or self.takes:
            with self._lock:
                self.heard.append((str(body["touser"]), str(body["text"]["content"])))
        return answer


class Quiet(ThreadingHTTPServer):
    """Broken lines are what we are here for; nobody needs their tracebacks."""

    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        pass


def errcode(code: int) -> Answer:
    return lambda _: {"errcode": code, "errmsg": "out of order"}


def garbage(_: str) -> bytes:
    return random.randbytes(200)


def cut(_: str) -> None:
    return None

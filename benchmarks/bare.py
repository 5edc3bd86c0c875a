"""The limit: uvicorn with an ASGI function that checks nothing, understands nothing and keeps nothing."""

import sys
import time
from typing import Any

import uvicorn

from benchmarks.traffic import ACCOUNT


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body = b""
    while True:
        event = await receive()
        body += event.get("body", b"")
        if not event.get("more_body"):
            break
    user = body.partition(b"<FromUserName><![CDATA[")[2].partition(b"]]>")[0].decode()
    answer = (
        f"<xml><ToUserName><![CDATA[{user}]]></ToUserName><FromUserName><![CDATA[{ACCOUNT}]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        "<Content><![CDATA[ok]]></Content></xml>"
    ).encode()
    headers = [(b"content-type", b"text/xml"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False, lifespan="off")

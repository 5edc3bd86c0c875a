"""What linli is measured against: a bot that says everything back, written as wechatpy's own examples are.

wechatpy for signature, XML and cryptography, FastAPI, uvicorn; it stores nothing.
"""

import sys

import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.utils import check_signature

from benchmarks.traffic import AES_KEY, APP_ID, PATH, TOKEN

app = FastAPI()


@app.get(PATH)
async def verify(signature: str, timestamp: str, nonce: str, echostr: str) -> Response:
    _check(signature, timestamp, nonce)
    return Response(echostr)


@app.post(PATH)
async def callback(
    request: Request,
    signature: str,
    timestamp: str,
    nonce: str,
    encrypt_type: str = "raw",
    msg_signature: str = "",
) -> Response:
    _check(signature, timestamp, nonce)
    body = await request.body()
    if encrypt_type == "raw":
        return Response(_echo(body), media_type="application/xml")
    crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
    try:
        opened = crypto.decrypt_message(body, msg_signature, timestamp, nonce)
    except (InvalidSignatureException, InvalidAppIdException):
        raise HTTPException(403) from None
    return Response(crypto.encrypt_message(_echo(opened), nonce, timestamp), media_type="application/xml")


def _check(signature: str, timestamp: str, nonce: str) -> None:
    try:
        check_signature(TOKEN, signature, timestamp, nonce)
    except InvalidSignatureException:
        raise HTTPException(403) from None


def _echo(body: bytes | str) -> str:
    message = parse_message(body)
    words = message.content if message.type == "text" else "Sorry, can not handle this for now"
    return str(create_reply(words, message).render())


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)

"""The least that aiohttp can do: answer stored bytes.

    python -m bench.bare ANSWERS PORT PROCESSES [uvloop]

ANSWERS is a file of JSON: paths with their queries, each with ``{"body": text, "headers": {...}}``.
"""

import asyncio
import importlib
import json
import multiprocessing
import socket
import sys
from pathlib import Path

from aiohttp import web


def main(answers: str, port: str, processes: str, loop: str = "asyncio") -> None:
    """Serve until SIGTERM."""
    listeners = [_listen(int(port)) for _ in range(int(processes))]
    context = multiprocessing.get_context("spawn")
    others = [
        context.Process(target=serve, args=(listener, Path(answers), loop), daemon=True)
        for listener in listeners[1:]
    ]
    for process in others:
        process.start()
    serve(listeners[0], Path(answers), loop)
    for process in others:
        process.terminate()
        process.join()


def _listen(port: int) -> socket.socket:
    """Return a socket of one process's own: on a shared one, the first to wake takes every connection."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    return listener


def serve(listener: socket.socket, answers: Path, loop: str) -> None:
    """Serve the stored answers on ``listener``, on uvloop if ``loop`` says so."""
    stored = {
        path: (answer["body"].encode(), answer["headers"])
        for path, answer in json.loads(answers.read_text()).items()
    }
    stored["/health/ready"] = (b"{}", {})

    async def answer(request: web.Request) -> web.Response:
        body, headers = stored[request.path_qs]
        return web.Response(body=body, headers=headers)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    if loop == "uvloop":
        new_loop = importlib.import_module("uvloop").new_event_loop()
    else:
        new_loop = asyncio.new_event_loop()
    web.run_app(app, sock=listener, access_log=None, print=None, loop=new_loop)


if __name__ == "__main__":
    main(*sys.argv[1:])

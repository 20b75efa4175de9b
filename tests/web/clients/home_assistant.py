"""Reads a camera the way Home Assistant's MJPEG camera does, with the library that it uses: once from the address for
still pictures, once out of the stream; then passes the stream on to browsers, as its proxy does.

home_assistant.py FOLDER STILL_URL STREAM_URL [PASSWORD]: writes still.jpg and stream.jpg, and prints the proxy's address.
"""

import asyncio
import pathlib
import sys

import aiohttp
from aiohttp import web

# The largest chunk that it takes of a stream.
CHUNK = 102_400


async def still(session, url, auth):
    async with session.get(url, auth=auth) as answer:
        answer.raise_for_status()
        return await answer.read()


async def first_of(session, url, auth):
    """The bytes from the first begin of a JPEG to the first end: it looks at nothing else."""
    data = b""
    async with session.get(url, auth=auth) as answer:
        answer.raise_for_status()
        async for chunk in answer.content.iter_chunked(CHUNK):
            data += chunk
            begin, end = data.find(b"\xff\xd8"), data.find(b"\xff\xd9")
            if begin >= 0 and end >= 0:
                return data[begin : end + 2]
    return None


async def main(folder, still_url, stream_url, password=None):
    auth = aiohttp.BasicAuth("homeassistant", password) if password else None
    async with aiohttp.ClientSession() as session:
        folder = pathlib.Path(folder)
        (folder / "still.jpg").write_bytes(await still(session, still_url, auth))
        (folder / "stream.jpg").write_bytes(await first_of(session, stream_url, auth))

        async def proxy(request):
            async with session.get(stream_url, auth=auth) as source:
                answer = web.StreamResponse(headers={"Content-Type": source.headers["Content-Type"]})
                await answer.prepare(request)
                async for chunk in source.content.iter_any():
                    await answer.write(chunk)
                return answer

        app = web.Application()
        app.router.add_get("/stream", proxy)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print("http://127.0.0.1:%d/stream" % runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))

"""Measure what tarash costs beside the bare HTTP client, over the same exchanges, in the same run (`nox -s bench`).

One fal job: submit, three status reads, result. Sync and async, one after another in turn, medians. Then a thousand
jobs at once (async, three polls each, a server that takes 50 ms for each answer): wall time, CPU, memory per job,
connections. The server runs in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

PROMPT = {"prompt": "a cat playing piano", "duration": "8s", "aspect_ratio": "16:9"}
MODEL = "fal-ai/veo3.1/fast"
HEADERS = {"authorization": "Key bench:secret"}
POLLS = 3


# --- the server, in its own process


def serve(delay: float) -> None:
    """Answer like fal's queue: each job is done at its third status read. Prints the port first."""
    asyncio.run(_serve(delay))


async def _serve(delay: float) -> None:
    seen: dict[str, int] = {}
    counts = {"open": 0, "peak": 0, "opened": 0, "jobs": 0}

    def answer(method: str, path: str) -> Any:
        if path == "/counts":
            return counts
        if method == "POST":
            counts["jobs"] += 1
            return {"request_id": f"job-{counts['jobs']}", "status": "IN_QUEUE"}
        job = path.split("/requests/")[1].split("/")[0].split("?")[0]
        if "/status" not in path:
            return {"video": {"url": "https://media.example/cat.mp4", "content_type": "video/mp4"}}
        seen[job] = seen.get(job, 0) + 1
        return {"status": "COMPLETED" if seen[job] >= POLLS else "IN_PROGRESS", "request_id": job}

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counts["open"] += 1
        counts["opened"] += 1
        counts["peak"] = max(counts["peak"], counts["open"])
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").split("\r\n")
                method, path, _ = first.split(" ")
                length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
                if length:
                    await reader.readexactly(length)
                if delay and path != "/counts":
                    await pause(delay)
                body = json.dumps(answer(method, path)).encode()
                headers = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
                writer.write(headers.encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            counts["open"] -= 1
            writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


async def pause(seconds: float) -> None:
    """Wait in the server's loop: this is the latency that the benchmark is about."""
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(seconds, done.set_result, None)
    await done


class Server:
    """The server process, for one `with` block."""

    def __init__(self, delay: float) -> None:
        self.delay = delay

    def __enter__(self) -> str:
        command = [sys.executable, __file__, "--serve", str(self.delay)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        return f"http://127.0.0.1:{self.process.stdout.readline().strip()}"

    def __exit__(self, *details: object) -> None:
        self.process.terminate()
        self.process.wait()


# --- the contestants


def our_config(url: str, interval: float = 0) -> tuple[Any, Any]:
    from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest

    config = VideoGenerationConfig(
        provider="fal", model=MODEL, api_key="bench:secret", base_url=url, poll_interval=interval
    )
    return config, VideoGenerationRequest(prompt=PROMPT["prompt"], duration_seconds=8, aspect_ratio="16:9")


def sync_contestants(url: str) -> dict[str, Callable[[], Any]]:
    import httpx

    from tarash.tarash_gateway import generate_video

    client = httpx.Client(headers=HEADERS)
    config, request = our_config(url)
    below = f"{url}/fal-ai/veo3.1/requests"

    def bare() -> None:
        job = client.post(f"{url}/{MODEL}", json=PROMPT).json()["request_id"]
        while client.get(f"{below}/{job}/status?logs=1").json()["status"] != "COMPLETED":
            pass
        client.get(f"{below}/{job}").json()

    return {"httpx": bare, "tarash": lambda: generate_video(config, request)}


def async_contestants(url: str, client: Any) -> dict[str, Callable[[], Awaitable[Any]]]:
    from tarash.tarash_gateway import generate_video_async

    config, request = our_config(url)
    below = f"{url}/fal-ai/veo3.1/requests"

    async def bare() -> None:
        job = (await client.post(f"{url}/{MODEL}", json=PROMPT)).json()["request_id"]
        while (await client.get(f"{below}/{job}/status?logs=1")).json()["status"] != "COMPLETED":
            pass
        (await client.get(f"{below}/{job}")).json()

    return {"httpx": bare, "tarash": lambda: generate_video_async(config, request)}


# --- the measurements


def one_job_sync(url: str, rounds: int) -> dict[str, float]:
    contestants = sync_contestants(url)
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds + 5):
        for name, work in contestants.items():
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found[5:]) * 1000 for name, found in times.items()}


async def one_job_async(url: str, rounds: int) -> dict[str, float]:
    import httpx

    async with httpx.AsyncClient(headers=HEADERS) as client:
        contestants = async_contestants(url, client)
        times: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(rounds + 5):
            for name, work in contestants.items():
                start = time.perf_counter()
                await work()
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found[5:]) * 1000 for name, found in times.items()}


async def many_jobs(url: str, count: int) -> dict[str, float]:
    from tarash.tarash_gateway import generate_video_async

    config, request = our_config(url, interval=0.1)
    await generate_video_async(config, request)
    memory, cpu, start = peak_memory(), time.process_time(), time.perf_counter()
    await asyncio.gather(*(generate_video_async(config, request) for _ in range(count)))
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    return {"wall s": wall, "CPU s": used, "peak kB per job": (peak_memory() - memory) / count}


def peak_memory() -> float:
    """Peak resident size of this process, in kB."""
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def connections(url: str) -> dict[str, int]:
    import httpx

    return dict(httpx.get(f"{url}/counts").json())


def show(title: str, figures: dict[str, float], target: float) -> None:
    ratio = figures["tarash"] / figures["httpx"]
    times = f"tarash {figures['tarash']:.2f} ms, httpx {figures['httpx']:.2f} ms"
    print(f"{title}: {times}, ratio {ratio:.2f} (target {target})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", type=float, help="be the server, with this delay in seconds")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=1000)
    arguments = parser.parse_args()
    if arguments.serve is not None:
        serve(arguments.serve)
        return
    warnings.simplefilter("ignore")
    os.environ.pop("HTTP_PROXY", None)
    with Server(0) as url:
        show("one fal job, sync ", one_job_sync(url, arguments.rounds), 1.15)
        show("one fal job, async", asyncio.run(one_job_async(url, arguments.rounds)), 1.10)
    with Server(0.05) as url:
        figures = asyncio.run(many_jobs(url, arguments.jobs))
        print(f"{arguments.jobs} jobs at once:", ", ".join(f"{name} {value:.2f}" for name, value in figures.items()))
        print("connections:", connections(url))


if __name__ == "__main__":
    main()

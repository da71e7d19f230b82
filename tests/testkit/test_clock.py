import asyncio
import json
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from tarash.tarash_gateway.clock import Clock, current_clock, use_clock
from tarash.testkit.clock import START_MONOTONIC, START_WALL, VirtualClock
from tarash.testkit.fal import FalSimulator


def test_it_is_a_clock_of_tarash(clock: VirtualClock) -> None:
    as_clock: Clock = clock
    with use_clock(as_clock):
        assert current_clock() is clock


def test_it_starts_at_a_fixed_time() -> None:
    assert (VirtualClock().monotonic(), VirtualClock().wall()) == (START_MONOTONIC, START_WALL)
    assert VirtualClock(monotonic=5, wall=6).wall() == 6


def test_sleeping_takes_no_time_but_passes_it(clock: VirtualClock) -> None:
    begun = time.monotonic()
    clock.sleep(3600)
    clock.sleep(0)
    assert (clock.monotonic(), clock.wall()) == (START_MONOTONIC + 3600, START_WALL + 3600)
    assert clock.sleeps == [3600, 0]
    assert time.monotonic() - begun < 1


def test_moving_the_clock_is_no_sleep(clock: VirtualClock) -> None:
    clock.advance(2)
    clock.advance_to(START_MONOTONIC + 5)
    clock.advance_to(START_MONOTONIC)
    assert clock.monotonic() == START_MONOTONIC + 5
    assert clock.sleeps == []


def test_the_wall_clock_can_jump_alone(clock: VirtualClock) -> None:
    clock.set_wall(1000.0)
    assert (clock.wall(), clock.monotonic()) == (1000.0, START_MONOTONIC)
    clock.sleep(5)
    assert (clock.wall(), clock.monotonic()) == (1005.0, START_MONOTONIC + 5)


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_impossible_sleeps_are_refused(clock: VirtualClock, seconds: float) -> None:
    with pytest.raises(ValueError, match="cannot wait"):
        clock.sleep(seconds)
    with pytest.raises(ValueError, match="cannot wait"):
        asyncio.run(clock.sleep_async(seconds))
    assert (clock.sleeps, clock.monotonic()) == ([], START_MONOTONIC)


def test_sleeping_gives_way_to_other_tasks(clock: VirtualClock) -> None:
    events: list[str] = []

    async def sleeper() -> None:
        events.append("sleeps")
        await clock.sleep_async(60)
        events.append(f"woke at {clock.monotonic() - START_MONOTONIC:g}")

    async def other() -> None:
        events.append("other ran")

    async def both() -> None:
        await asyncio.gather(sleeper(), other())

    asyncio.run(both())
    assert events == ["sleeps", "other ran", "woke at 60"]


def test_many_sleepers_share_the_time(clock: VirtualClock) -> None:
    async def sleeper(number: int) -> float:
        for _ in range(3):
            await clock.sleep_async(5)
        return clock.monotonic()

    async def all_of_them() -> list[float]:
        return await asyncio.gather(*(sleeper(number) for number in range(1000)))

    ended = asyncio.run(all_of_them())
    assert set(ended) == {START_MONOTONIC + 15}
    assert len(clock.sleeps) == 3000


def test_sleepers_wake_in_the_order_of_their_times(clock: VirtualClock) -> None:
    woke: list[tuple[float, float]] = []

    async def sleeper(seconds: float) -> None:
        await clock.sleep_async(seconds)
        woke.append((seconds, clock.monotonic() - START_MONOTONIC))

    async def all_of_them() -> None:
        await asyncio.gather(*(sleeper(seconds) for seconds in (30, 10, 20, 10)))

    asyncio.run(all_of_them())
    assert woke == [(10, 10), (10, 10), (20, 20), (30, 30)]


def test_a_cancelled_sleeper_moves_no_time(clock: VirtualClock) -> None:
    async def main() -> None:
        long = asyncio.create_task(clock.sleep_async(9999))
        short = asyncio.create_task(clock.sleep_async(1))
        await asyncio.sleep(0)  # noqa: TID251 - lets both fall asleep
        long.cancel()
        await short
        await asyncio.gather(long, return_exceptions=True)
        await clock.sleep_async(1)

    asyncio.run(main())
    assert clock.monotonic() == START_MONOTONIC + 2


async def buy_and_wait(simulator: FalSimulator, connections: asyncio.Semaphore) -> float:
    """One job over few connections, polled every ten virtual seconds; how many of them it took."""
    clock = simulator.clock

    async def exchange(method: str, target: str) -> Any:
        async with connections:
            reader, writer = await asyncio.open_connection("127.0.0.1", simulator.server.port)
            head = f"{method} {target} HTTP/1.0\r\nAuthorization: Key {simulator.key}\r\nContent-Length: 2\r\n\r\n{{}}"
            writer.write(head.encode())
            said = await reader.read()
            writer.close()
            await writer.wait_closed()
        return json.loads(said.partition(b"\r\n\r\n")[2])

    begun = clock.monotonic()
    job = await exchange("POST", "/fal-ai/veo3")
    while (await exchange("GET", urlsplit(job["status_url"]).path))["status"] != "COMPLETED":
        await clock.sleep_async(10)
    return clock.monotonic() - begun


def test_a_clock_that_settles_waits_for_requests_on_their_way() -> None:
    async def many(simulator: FalSimulator) -> list[float]:
        connections = asyncio.Semaphore(5)
        return await asyncio.gather(*(buy_and_wait(simulator, connections) for _ in range(100)))

    with FalSimulator(clock=VirtualClock(settle=0.002), queue_seconds=10, run_seconds=20) as simulator:
        took = asyncio.run(many(simulator))
    assert set(took) == {30.0}
    assert simulator.ledger.polls == 400


def test_a_clock_that_settles_still_wakes_in_order() -> None:
    clock = VirtualClock(settle=0.001)

    async def main() -> list[float]:
        sleepers = [asyncio.create_task(clock.sleep_async(seconds)) for seconds in (3, 1, 2, 1)]
        sleepers[2].cancel()
        await asyncio.gather(*sleepers, return_exceptions=True)
        return [clock.monotonic() - START_MONOTONIC]

    assert asyncio.run(main()) == [3]


def test_one_clock_for_many_threads_and_loops(clock: VirtualClock) -> None:
    def work() -> None:
        for _ in range(500):
            clock.sleep(1)
        asyncio.run(sleep_often())

    async def sleep_often() -> None:
        for _ in range(100):
            await clock.sleep_async(0)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.monotonic() == START_MONOTONIC + 4000
    assert len(clock.sleeps) == 8 * 600

"""Warnings stand at the caller's own line, so that Python shows each of them once a line, and not once in all."""

import inspect
import warnings

from tests.support.bench import REQUEST, Bench
from tests.support.worlds import AsyncWorld

from tarash.tarash_gateway import generate_video, generate_video_async
from tarash.tarash_gateway.models import VideoGenerationRequest

ODD = VideoGenerationRequest(prompt=REQUEST.prompt, negative_prompt="rain")


def line() -> int:
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


def test_a_warning_points_at_the_call(bench: Bench) -> None:
    config = bench.config()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        if isinstance(bench.world, AsyncWorld):

            async def work() -> int:
                await generate_video_async(config, ODD)
                return line() - 1

            expected = bench.world.run(work)
        else:
            generate_video(config, ODD)
            expected = line() - 1
    assert [(one.filename, one.lineno) for one in caught] == [(__file__, expected)]

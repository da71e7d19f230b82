"""What a program can show of a value or an error, but for the tests' own frames, which know the secret."""

from collections.abc import Generator
from pathlib import Path

from tarash.testkit import leaks
from tarash.testkit.leaks import assert_nowhere, dumps

__all__ = ["assert_nowhere", "dumps", "everything_about"]


def everything_about(error: BaseException) -> Generator[str]:
    return leaks.everything_about(error, Path(__file__).parents[1])

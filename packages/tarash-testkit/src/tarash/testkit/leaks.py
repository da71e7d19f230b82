"""Everything that a program can show of a value or an error, to look for secrets in.

assert_nowhere(key, *everything_about(error), caplog.text)
"""

import json
import pickle
import traceback
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pydantic

_TESTKIT = Path(__file__).parent


def everything_about(error: BaseException, *but: Path) -> Generator[str]:
    """All that a program can show of an error: texts, notes, attributes, and each frame's local variables.

    Also of the errors that Python would not show by itself. Left out are frames of the testkit and of code below the
    folders `but`, such as the tests themselves, which know the secret.
    """
    left_out = tuple(str(folder) for folder in (_TESTKIT, *but))
    seen: set[int] = set()
    open_errors: list[BaseException | None] = [error]
    while open_errors:
        one = open_errors.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        open_errors += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
        frames = traceback.StackSummary.extract(traceback.walk_tb(one.__traceback__), capture_locals=True)
        yield from (repr(frame.locals) for frame in frames if not frame.filename.startswith(left_out))
        yield from (str(one), repr(one), *getattr(one, "__notes__", ()))
        for value in vars(one).values():
            yield repr(value)
            yield from dumps(value)


def dumps(value: Any) -> Generator[str]:
    """A value in every form in which it can be written down."""
    if isinstance(value, pydantic.BaseModel):
        yield from (
            str(value),
            value.model_dump_json(),
            repr(value.model_dump()),
            json.dumps(value.model_dump(), default=str),
        )
        yield pickle.dumps(value).decode("latin-1")
    elif isinstance(value, dict | list | str):
        yield json.dumps(value, default=str)


def assert_nowhere(secret: str, *texts: str) -> None:
    """Assert that no text has the secret: as it is, percent-encoded, in JSON; of "id:secret" also the second half."""
    # Of a key such as "id:secret" the second half is the secret.
    needles = {secret, secret.partition(":")[2] or secret, quote(secret, safe=""), secret.replace("/", "\\/")}
    assert [text[:2000] for text in texts if any(needle in text for needle in needles)] == []

"""The tests here need the vendors' own clients; where one is missing they are not collected."""

import importlib.util

SDKS = ("cartesia", "elevenlabs", "hume", "sarvamai")
collect_ignore = [] if all(importlib.util.find_spec(name) for name in SDKS) else ["test_wire.py"]

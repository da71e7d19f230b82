"""Small helpers for people who write providers."""

import uuid


def generate_unique_id() -> str:
    """A new id for a generation, unique across processes and machines."""
    return f"tarash-{uuid.uuid4().hex}"

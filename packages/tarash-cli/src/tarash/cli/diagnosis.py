"""`tarash doctor`: is this installation sound?"""

from tarash.cli import options as o


def doctor(as_json: o.AsJson = False) -> int:
    """Check this installation. Exit code 1 when something is broken."""
    from tarash.cli.checkup import examine

    return examine(as_json=as_json)

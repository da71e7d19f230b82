"""A plugin that cannot be imported."""

raise RuntimeError("no film in the camera")

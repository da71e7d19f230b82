"""What comes back when it is not the provider who answers."""

PAGE = "<!DOCTYPE html><html><body><h1>Bad Gateway</h1></body></html>"
HTML = (("Content-Type", "text/html"),)
DEEP = "[" * 100_000
"""JSON that no reader gets to the bottom of."""

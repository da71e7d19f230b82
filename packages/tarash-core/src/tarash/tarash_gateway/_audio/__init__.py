"""Readers of audio containers, private to tarash: bytes in, seconds out."""

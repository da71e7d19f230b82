"""`python -m tarash.cli` is the same as `tarash`."""

from tarash.cli.app import main

main()

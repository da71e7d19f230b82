"""The `tarash` command. Modules that the command line is parsed with import nothing of the core: `--help` is quick."""

"""Scripted servers, simulators of providers, a ledger of charges and a virtual clock for tests that speak real HTTP.

Nothing is imported here: the pytest plugin lives in this package and is loaded by every pytest run of every project
that has it installed. Import from the modules: `tarash.testkit.server`, `.steps`, `.ledger`, `.clock`, `.media`,
`.fal`.
"""

"""Mapping by rule, for vendors that publish a schema of each model: a table of names instead of a table per model.

`inputs` is what a schema says of one input, `reader` reads it from OpenAPI, `rules` makes the mapping of it, with
`values`, `speech` and `sounds` for the forms in which models want things.
"""

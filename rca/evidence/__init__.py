"""Collecting evidence: what the vendors themselves say about a failure, before anybody guesses.

`collect.collect_evidence` is the one verb; `databricks` and `pipelines` ask the vendors, `history` compares runs,
`store` writes, `related` links tickets, `late` tries again what a vendor could not answer.
"""

"""Pipelines of Azure Data Factory and Azure Synapse: one client, two dialects of the same API."""

"""Databricks: jobs, runs, clusters and libraries of a workspace."""

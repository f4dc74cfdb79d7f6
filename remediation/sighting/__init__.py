"""What the vendor itself says of a failed resource, asked now: the only source of ids, names and codes to act on.

A ticket's resource fields say where to ask; everything that a call is made with afterwards comes out of the
answer. Only workspaces and factories of the settings are asked. Reads only, and never inside a transaction.
"""

from remediation.sighting.clients import databricks_client, observed_only, pipelines_client
from remediation.sighting.clusters import cluster_condition, library_condition
from remediation.sighting.jobs import job_condition
from remediation.sighting.looking import kind_of, look, look_at_ticket
from remediation.sighting.target import CannotAskError, Sighting, Target, target_from, time_text

__all__ = [
    "CannotAskError", "Sighting", "Target", "cluster_condition", "databricks_client", "job_condition", "kind_of",
    "library_condition", "look", "look_at_ticket", "observed_only", "pipelines_client", "target_from", "time_text",
]  # fmt: skip

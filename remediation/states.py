"""The closed vocabularies of remediation. Plain enumerations, so that the policy may use them freely."""

from __future__ import annotations

from django.db import models


class State(models.TextChoices):
    """Where an attempt stands. `proposed` and `awaiting_approval` wait for people, the next three for the clock."""

    PROPOSED = "proposed", "Proposed"
    AWAITING_APPROVAL = "awaiting_approval", "Awaiting a second approval"
    SCHEDULED = "scheduled", "Scheduled"
    RUNNING = "running", "Running"
    VERIFYING = "verifying", "Verifying"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    REJECTED = "rejected", "Rejected"
    EXPIRED = "expired", "Expired"
    SKIPPED = "skipped", "Skipped"
    DRY_RUN = "dry_run", "Dry run"


WAITING_FOR_PEOPLE = (State.PROPOSED, State.AWAITING_APPROVAL)
ACTIVE = (State.SCHEDULED, State.RUNNING, State.VERIFYING)
OPEN = (*WAITING_FOR_PEOPLE, *ACTIVE)
TRIED = (State.SUCCEEDED, State.FAILED)


class Mode(models.TextChoices):
    """How far a team lets the desk go."""

    OBSERVE = "observe", "Observe: write down what would be done"
    PROPOSE = "propose", "Propose: ask for each attempt"
    APPROVE = "approve", "Approve: one yes covers the attempts of a step"
    AUTOMATIC = "automatic", "Automatic: act where the policy asks for no approval"


class Kind(models.TextChoices):
    """What is repaired."""

    PIPELINE = "pipeline", "Pipeline run"
    JOB = "job", "Job run"
    CLUSTER = "cluster", "Cluster"
    LIBRARY = "library", "Library"


class Risk(models.TextChoices):
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


class Verdict(models.TextChoices):
    """What the policy says of a failure."""

    ACT = "act", "The policy allows it"
    ASK = "ask", "The policy asks for a person's yes"
    NO = "no", "Nothing is done"
    NEVER = "never", "Never repaired automatically"
    WAIT = "wait", "Waiting"


class PlaybookName(models.TextChoices):
    RETRY_PIPELINE = "retry_pipeline", "Run the pipeline again from its failed activities"
    RETRY_JOB = "retry_job", "Repair the failed tasks of the job run"
    RESTART_CLUSTER = "restart_cluster", "Start the cluster again"
    FALLBACK_NODE_TYPE = "fallback_node_type", "Start the cluster with its fallback node type"
    REINSTALL_LIBRARIES = "reinstall_libraries", "Install the failed libraries again"
    LAST_GOOD_LIBRARIES = "last_good_libraries", "Install the last versions that worked"
    RERUN_UPSTREAM = "rerun_upstream", "Check upstream, then run the pipeline again"
    CHECK_PERMISSIONS = "check_permissions", "Check the permissions"

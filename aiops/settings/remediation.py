"""Auto-remediation: off until it is switched on."""

from __future__ import annotations

from aiops import env

AUTO_REMEDIATION_ENABLED = env.flag("AUTO_REMEDIATION_ENABLED", default=False)
PLAYBOOK_SIGNING_SECRET = env.text("PLAYBOOK_SIGNING_SECRET")
PLAYBOOK_URLS = {
    name: env.url(f"PLAYBOOK_{name}")
    for name in (
        "RERUN_UPSTREAM",
        "RETRY_PIPELINE",
        "RESTART_CLUSTER",
        "RETRY_JOB",
        "REINSTALL_LIBRARIES",
        "CHECK_PERMISSIONS",
    )
}
REMEDIATION_MODE = env.choice("REMEDIATION_MODE", "propose", ("observe", "propose", "approve", "automatic"))
REMEDIATION_DRY_RUN = env.flag("REMEDIATION_DRY_RUN", default=False)
REMEDIATION_PER_RESOURCE_HOUR = env.integer("REMEDIATION_PER_RESOURCE_HOUR", 6, minimum=1)
REMEDIATION_PER_HOUR = env.integer("REMEDIATION_PER_HOUR", 30, minimum=1)
REMEDIATION_BLAST_RADIUS = env.integer("REMEDIATION_BLAST_RADIUS", 10, minimum=1)  # failing within 15 minutes
REMEDIATION_COOLDOWN_MINUTES = env.integer("REMEDIATION_COOLDOWN_MINUTES", 30, minimum=0)
REMEDIATION_APPROVAL_MINUTES = env.integer("REMEDIATION_APPROVAL_MINUTES", 240, minimum=1)
REMEDIATION_VERIFY_MINUTES = env.integer("REMEDIATION_VERIFY_MINUTES", 360, minimum=1)
REMEDIATION_FACTORIES = env.words("REMEDIATION_FACTORIES")  # ARM ids; else RECONCILE_FACTORIES; none: observe
REMEDIATION_NODE_FALLBACKS = dict(env.pairs("REMEDIATION_NODE_FALLBACKS"))  # node type = its fallback
REMEDIATION_UPSTREAMS = dict(env.pairs("REMEDIATION_UPSTREAMS"))  # pipeline = the pipeline that feeds it

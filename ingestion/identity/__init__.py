"""Which ticket a failure belongs to: a new one, the one that exists, or one to reopen (contract, Identity).

Everything here runs inside the transaction of the alert event. Where an identity is more than one unique key,
concurrent openers queue on a guard row first (`ingestion.guards`), so two forms of one failure cannot both
find nothing.
"""

from ingestion.identity.forms import metadata_of, ticket_of, with_default_scope, with_own_firing
from ingestion.identity.known import RENOTIFICATION_WINDOW, Known
from ingestion.identity.placing import CREATED, DUPLICATE, LOOKING_UP, REOPENED, Placement, find_touched, join
from ingestion.identity.reading import find_existing, known_for, of_rules

__all__ = [
    "CREATED", "DUPLICATE", "LOOKING_UP", "RENOTIFICATION_WINDOW", "REOPENED", "Known", "Placement", "find_existing",
    "find_touched", "join", "known_for", "metadata_of", "of_rules", "ticket_of", "with_default_scope",
    "with_own_firing",
]  # fmt: skip

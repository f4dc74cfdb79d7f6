"""What a playbook does at the vendor: start it, find out whether it was started, watch what it started.

Every argument of a call comes from the vendor's own answer (`sighting`) or from the settings. A `PLAYBOOK_*` URL,
where set, is called instead of the vendor.
"""

from remediation.playbooks.by_url import may_repeat, url_of
from remediation.playbooks.finding import Trace, find
from remediation.playbooks.starting import CannotDoError, describe, start
from remediation.playbooks.upstream import upstream_note, upstream_of
from remediation.playbooks.watching import Progress, watch

__all__ = [
    "CannotDoError", "Progress", "Trace", "describe", "find", "may_repeat", "start", "upstream_note", "upstream_of",
    "url_of", "watch",
]  # fmt: skip

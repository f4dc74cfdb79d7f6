"""Steps for failures that have a known remedy of their own although they carry no catalogued code.

Each hint: the cause class, lower-case texts of which one must occur, and the step. The first two that fit come
before the steps of the class.
"""

from __future__ import annotations

from typing import Final

from tickets.choices import CauseClass as C

MAX_HINTS: Final = 2

HINTS: Final[tuple[tuple[C, tuple[str, ...], str], ...]] = (
    (
        C.CAPACITY_OR_QUOTA,
        ("space on the disk", "space left on device", "disk is full", "disk space"),
        "Free the local disk of the node: temporary files, logs, custom setup; then choose a larger disk.",
    ),
    (
        C.CAPACITY_OR_QUOTA,
        ("cores quota", "vcpu", "exceeding approved", "core quota"),
        "Ask for more cores of this VM family in the region, or use another family with free quota.",
    ),
    (
        C.CAPACITY_OR_QUOTA,
        ("insufficient", "stockout", "skunotavailable", "not available in location", "allocation failed"),
        "Use another node type, zone or an instance pool; the provider has none of this type free now.",
    ),
    (
        C.CAPACITY_OR_QUOTA,
        ("free addresses", "subnet_exhausted", "ip addresses"),
        "Give the cluster's subnet more addresses, or run fewer nodes in it at once.",
    ),
    (
        C.CAPACITY_OR_QUOTA,
        ("request size", "too large", "payload", "maximum allowed size"),
        "Send less at once: a smaller batch size, or pass a path in place of the data.",
    ),
    (
        C.OUT_OF_MEMORY,
        ("maxresultsize", "serialized results"),
        "Do not collect the whole result on the driver; write it to a table.",
    ),
    (
        C.OUT_OF_MEMORY,
        ("broadcast",),
        "Turn the broadcast of this join off or lower spark.sql.autoBroadcastJoinThreshold.",
    ),
    (
        C.TIMEOUT,
        ("broadcast", "futures timed out after [300"),
        "Turn the broadcast of this join off, or raise spark.sql.broadcastTimeout.",
    ),
    (
        C.AUTHENTICATION_FAILURE,
        ("client secret", "aadsts7000215", "aadsts7000222"),
        "Create a new client secret for the service principal and store it in the vault.",
    ),
    (
        C.AUTHENTICATION_FAILURE,
        ("multi-factor", "aadsts50079", "aadsts50076"),
        "Use a service principal or managed identity; a user with multi-factor sign-in cannot run unattended.",
    ),
    (
        C.AUTHENTICATION_FAILURE,
        ("sas token", "sas uri", "shared access signature", "custom setup"),
        "Make a new SAS with a later expiry and put it where the old one stands.",
    ),
    (
        C.PERMISSION_DENIED,
        ("authorizationpermissionmismatch", "operation using this permission", "status code 'forbidden'"),
        "Grant Storage Blob Data Reader (source) or Contributor (sink) and check the ACLs down to the folder.",
    ),
    (
        C.PERMISSION_DENIED,
        ("key vault", "keyvault", "vault.azure"),
        "Give the identity Get and List on secrets: an access policy, or the Key Vault Secrets User role.",
    ),
    (
        C.PERMISSION_DENIED,
        ("token-identified principal",),
        "Create the identity as a user in the database (FROM EXTERNAL PROVIDER) and give it a role.",
    ),
    (
        C.NETWORK_CONNECTIVITY,
        ("certificate", "ssl", "tls", "trust relationship", "pkix"),
        "Install the missing issuing certificate on the node, and check host name and expiry of the server's.",
    ),
    (
        C.NETWORK_CONNECTIVITY,
        ("no such host", "unknownhost", "name or service not known", "could not be resolved", "dns"),
        "Resolve the host name from the node itself; check the private DNS zone and its network link.",
    ),
    (
        C.NETWORK_CONNECTIVITY,
        ("is not allowed to access", "ip address", "public network access", "ip access list"),
        "Allow the runtime's address in the firewall of the other side, or use a private endpoint.",
    ),
    (
        C.CONCURRENCY_CONFLICT,
        ("checkpoint", "multiple streaming"),
        "Stop the other stream on this checkpoint, or give each stream a checkpoint of its own.",
    ),
    (
        C.CONCURRENCY_CONFLICT,
        ("higher epoch", "receiverdisconnected", "consumer group"),
        "Give every reader its own consumer group.",
    ),
    (
        C.BAD_DATA,
        ("multiple source rows", "duplicate key", "primary key", "unique index", "unique constraint"),
        "Find and remove the duplicate keys in the source before the write.",
    ),
    (
        C.MISSING_DEPENDENCY_OR_LIBRARY,
        ("nosuchmethoderror", "noclassdeffounderror", "incompatible", "cannot import name"),
        "Compare the library's version with the runtime's own; two versions of one library collide.",
    ),
    (
        C.CONFIGURATION_ERROR,
        ("fips",),
        "Turn the FIPS policy off for the runtime in diawp.exe.config, or on the machine, and restart it.",
    ),
    (
        C.CONFIGURATION_ERROR,
        ("'cygrpc'",),
        "Run a supported 64-bit Python version that matches the operating system.",
    ),
)


def hints(cause_class: str, plain: str) -> tuple[str, ...]:
    """At most two steps for this class that fit the normalised text."""
    found = [step for cause, texts, step in HINTS if cause == cause_class and any(t in plain for t in texts)]
    return tuple(found[:MAX_HINTS])

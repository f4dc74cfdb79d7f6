"""Which Jira Cloud site is spoken to, and as whom."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from integrations.errors import NotConfiguredError

VENDOR = "jira"


@dataclass(frozen=True, slots=True)
class JiraConfig:
    """`base_url` is the site (`https://….atlassian.net`) or, for a scoped token,
    `https://api.atlassian.com/ex/jira/{cloudId}`; `deadline` the seconds for one call with its retries.
    """

    base_url: str
    email: str
    token: str = field(repr=False)
    project_key: str
    issue_type: str = "Task"
    deadline: float = 20.0

    @classmethod
    def from_settings(cls) -> JiraConfig:
        """Raises NotConfiguredError that names what is missing, also where ITSM_TOOL is not `jira`."""
        if settings.ITSM_TOOL != "jira":
            raise NotConfiguredError(VENDOR, "Set ITSM_TOOL=jira to open issues in Jira.")
        names = ("JIRA_DOMAIN", "JIRA_USER_EMAIL", "JIRA_API_TOKEN", "JIRA_PROJECT_KEY")
        missing = [name for name in names if not getattr(settings, name)]
        if missing:
            raise NotConfiguredError(VENDOR, f"Set {', '.join(missing)}.")
        return cls(
            base_url=settings.JIRA_DOMAIN.rstrip("/"),
            email=settings.JIRA_USER_EMAIL,
            token=settings.JIRA_API_TOKEN,
            project_key=settings.JIRA_PROJECT_KEY,
            issue_type=settings.JIRA_ISSUE_TYPE,
        )

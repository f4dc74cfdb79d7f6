"""The four roles, each a group that includes the rights of the ones before it."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """Ordered: a higher role may do all that a lower one may."""

    VIEWER = 1
    ANALYST = 2
    APPROVER = 3
    ADMIN = 4

    @property
    def group_name(self) -> str:
        return self.name.lower()


GROUP_NAMES = tuple(role.group_name for role in Role)


def highest_role(group_names: list[str]) -> Role | None:
    """The highest role among groups; None when no group is a role."""
    held = [role for role in Role if role.group_name in group_names]
    return max(held) if held else None

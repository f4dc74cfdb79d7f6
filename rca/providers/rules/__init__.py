"""The rule-based provider. `RulesProvider` is its only public name."""

from rca.providers.rules.provider import RulesProvider

__all__ = ["RulesProvider"]

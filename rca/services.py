"""The verbs of root cause analysis that the layers above call."""

from rca.analysing import analyse_ticket
from rca.cases import case_of
from rca.evidence.store import keep_evidence, remove_texts
from rca.feedback import give_feedback

__all__ = ["analyse_ticket", "case_of", "give_feedback", "keep_evidence", "remove_texts"]

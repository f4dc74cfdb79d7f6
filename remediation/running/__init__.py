"""One step of one attempt: begin its call, find out about a call whose outcome is not known, or watch its run.

The order keeps a crash harmless. A call is made only after the row says that it is being made (`running`,
`called_at`); a row found in that state is never called again before the vendor was asked what became of it.
"""

from remediation.running.step import step

__all__ = ["step"]

"""Playbooks, the policy that allows them, attempts and approvals. Off unless AUTO_REMEDIATION_ENABLED is on.

The way of a failure, each part a file or a room:

1. `deciding`: what the vendor says of it (`sighting`), what the `policy` rules by the `facts`, what the `guards` say;
   or `by_hand`: a person asks for a playbook.
2. `opening`: the attempt is written down, to run or as a question to people.
3. `approvals`: a person's yes or no; `asking` puts the questions that come late.
4. `running`: begin the call, find out about one whose outcome is not known, watch what it started (`playbooks`).
5. `closing`: the ticket is closed, or the next step decided on.

The rows are the work: `claims` gives them to workers, `tasks` does a step of each, `telling` tells of it, `switches`
stops it.
"""

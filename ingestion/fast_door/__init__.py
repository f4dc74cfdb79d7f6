"""The door under ASGI: the webhook addresses answered in front of Django, by the same service (docs/performance.md).

`application` speaks ASGI, `request` reads one request as Django would, `writer` commits in groups, `pressure`
lets the workers of the same process give way to a storm.
"""

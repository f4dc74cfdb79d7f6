"""The last resort: the only thing in a text that looks like a name, where no noun and no form says what it is.

Products' own words are left out: keys of JSON, codes, classes, frames of stacks, types. Two different names are none:
nothing would say which is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from rca.providers.rules.entity_nouns import Named

MAX_FOUND: Final = 12

# Tiers, the plainest first: an address, a placeholder that stands for a name, a quoted name, a shaped word.
_ADDRESS: Final = re.compile(r"(?<![\w.:/])([a-z][a-z0-9+.\-]{1,12}://[^\s\"'`<>,;)\]]{2,280})")
_IDENTIFIED: Final = re.compile(r"[{\[(](?:id|name) ?[=:] ?['\"]?([\w.\-]{3,120})['\"]?[}\]),]")
_PLACEHOLDER: Final = re.compile(
    r"(?<![\w/=\"'{<$])(<[A-Za-z][\w \-]{2,40}>|\{[A-Za-z][\w \-]{2,40}\})(?![\w\"'}>])"
)
_QUOTED: Final = re.compile(r"(?<!\w)['\"`]([\w@$#*./<{\\][\w@$#*./:<>{}\\\-]{2,120})['\"`](?! ?[:=])(?!\w)")
_WORD: Final = re.compile(
    r"(?<![\w.$/\\:@%\-\[\"'=(&?])((?:\d{1,6}-)?[A-Za-z]\w{0,60}_\w{1,60}(?:\.\w{1,60}){0,3}"
    r"|[a-z]\w{1,40}(?:\.[a-z]\w{1,40}){2,4})(?![\w(=/\\:\"'\]@-]|\.\w)"
)
_SHAPED: Final = re.compile(r"[_/\\{<]|[a-z][A-Z]|[A-Za-z]-?\d|\d-?[A-Za-z]|\w\.\w|^\d{5,20}$")
_OURS: Final = re.compile(r"[a-z]")
_PRODUCT_WORD: Final = re.compile(
    r"(?:\w{0,40}_)?(?:id|code|message|type|error|errors|status|reason|request|response|exception|failure|details|failed"
    r"|token|grant|client|scope|version|args?|kwargs|self|url|uri|time|timestamp|level|attempts?|count|result|state)"
    r"|(?:java|javax|scala|org|com|io|net|sun|py4j|pyspark|shaded|python|lib|site|self|conda|std|err|sys)[._].{0,200}"
    r"|__\w{1,60}__|_\w{1,60}|(?:utf|iso|cp|us|en|x86|amd|win|tls|ssl|http|sha|md)[_-]?\d.{0,20}"
    r"|\w{0,60}(?:[Uu]navailable|[Dd]enied|[Ee]xpired|[Ee]xceeded|[Ff]ailed|_description|_timeout)\w{0,20}|expired\w{1,40}"
    r"|n/a|(?=\d{0,12}[a-f])[0-9a-f]{7,12}-?|\d{1,4}[a-z]?|\d{1,8}[/.:-][\d/.:-]{1,20}|[0-9a-f]{8}-[0-9a-f-]{27}"
    r"|<(?:html|head|body|title|error|code|message|module|lambda|stdin|string|init|unknown|none|null|pre|p|h\d"
    r"|anonymous|genexpr|listcomp|frozen .{0,40}|ipython.{0,40}|command-\d{1,20}|redacted|scrubbed|hidden)>"
    r"|\{(?:\d{1,3}|error|message|code|value|redacted)\}",
    re.IGNORECASE,
)
# What is offered, or is a value and no name: `Use try_cast`, `the value '12a'`, `of type 'TarGzip'`.
_NOT_NAMED: Final = re.compile(
    r"\b(?:use|consider|try|values?|string|float:|type|format of|convert|pickle|permission(?: to)?)"
    r" ['\"`]?$|(?:code|status|type|class|reason|error)['\"]?\s?[:=]\s?['\"]?$",
    re.IGNORECASE,
)
_FRAME: Final = re.compile(
    r"\bat [\w$.<>/]{3,200}\([^()\n]{0,120}\)|\bFile \"[^\"\n]{1,250}\", line \d{1,6}, in \S{1,80}"
)


def by_shape(raw: str) -> Iterator[Named]:
    """Of the plainest tier that has names the one name, if it is only one."""
    text = _FRAME.sub(lambda frame: " " * len(frame[0]), raw)
    for tier in (_ADDRESS, _IDENTIFIED, _PLACEHOLDER, _QUOTED, _WORD):
        found = [
            Named("shape", match[1], match.start(1), match.end(1))
            for match in islice(tier.finditer(text), MAX_FOUND)
            if _SHAPED.search(match[1])
            and (_OURS.search(match[1]) or match[1].isdigit())
            and not _PRODUCT_WORD.fullmatch(match[1])
            and not _NOT_NAMED.search(text, max(0, match.start(1) - 30), match.start(1))
        ]
        if len({one.name.lower() for one in found}) == 1:
            yield found[0]
            return

"""Names that stand beside a noun: `table 'orders'`, `"pipelineName": "pl_day"`, `queue=in`, `'x' column`.

Texts name a thing in one grammar whatever the product: a noun for its kind, a mark or nothing, and the name. Words are
looked up in a table and what follows is matched at that place only, so a hostile text costs linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from rca.providers.rules.entity_complaints import complained_before


class Named(NamedTuple):
    """A name as the text writes it, the kind of thing it is, and where it begins and ends in the text."""

    kind: str
    name: str
    start: int
    end: int


# Two words are written together, as in `linkedServiceName`.
_NOUNS: Final[dict[str, str]] = {
    "column": "column field attribute",
    "table": "table view relation storedprocedure procedure schema catalog collection entity objectname sobject "
    "worksheet sheet externaltable infoprovider adso sequence synonym",
    "database": "database sqlpool tablespace lakehouse",
    "path": "file folder directory path script mountpoint checkpoint",
    "blob": "blob container bucket fileshare filesystem stage",
    "storage": "storageaccount externallocation volume",
    "package": "module library package class jar assembly wheel driver provider dependency",
    "host": "server host hostname machine broker domain",
    "endpoint": "endpoint",
    "reference": "linkedservice dataset connection connectionmanager datasource destination storageintegration",
    "runtime": "integrationruntime gateway",
    "cluster": "cluster pool sparkpool instancepool warehouse",
    "principal": "user principal serviceprincipal login role client identity account application app group",
    "secret": "secret scope secretscope keyvault vault certificate credential",
    "job": "job pipeline workflow trigger dataflow task",
    "step": "activity step",
    "notebook": "notebook",
    "setting": "parameter variable setting option property configuration appsetting environmentvariable key "
    "connectionstring argument sparkversion runtimeversion tag",
    "function": "function routine udf functionmodule macro",
    "queue": "stream topic queue eventhub consumergroup topicpartition query streamingquery",
    "constraint": "constraint index primarykey",
    "size": "instancetype nodetype vmsize",
    "resource": "resource resourcegroup resourceprovider subnet workspace namespace policy metastore factory service "
    "model registeredmodel experiment branch repository tenant vnet virtualnetwork recipient share "
    "image containerimage artifact node subscription solution environment project",
}
# Nouns that prose uses freely: what follows them is a name only between quotes.
_QUOTED_WORDS: Final = (
    "class driver provider dependency client identity account application app group key option property "
    "configuration step resource policy domain service model experiment branch repository tenant share stage "
    "destination datasource connection role credential certificate parameter variable secret connectionstring "
    "object namespace login task script factory entity attribute user principal query argument gateway "
    "subscription tag node solution environment project macro sequence sheet checkpoint"
)
_QUOTED_ONLY: Final = frozenset(_QUOTED_WORDS.split())
_SUFFIXES: Final = ("", "s", "name", "id", "path", "url")
_KIND_OF: Final = {
    word + suffix: (kind, word in _QUOTED_ONLY)
    for kind, words in _NOUNS.items()
    for word in words.split()
    for suffix in _SUFFIXES
}
# An account's name may be the user's, its key never; a credential's name is not its value.
_NEVER: Final = frozenset(
    ["clientsecret", "accountkey", "accesskey", "sharedkey", "secretkey", "apikey", "keys"]
)

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z_]{1,30}")
_LINK: Final = (
    r"(?:\(s\))?(?: \([^()\n]{1,30}\))?"
    r"(?: (?:or (?:view|field|function|procedure)|with (?:an? |the )?(?:name|id|identifier|path|key)"
    r"|name|named|called|id|identifier|path|not found|does not exist)){0,2}"
)
_QUOTED: Final = re.compile(
    _LINK + r"['\"]?[\s:=(]{1,4}(['\"`\[]{1,2})([\w/$@#<{*%\\][^'\"`\]\n]{0,199})['\"`\]]"
)
_BARE: Final = re.compile(
    rf"({_LINK})"
    + r"['\"]?(\s?[:=]\s?|\s?->\s?|\s\(?|\()([\w@$/][^\s'\"`<>,;()\[\]{}]{0,199}|\{\w[\w ]{0,60}\}|<\w[\w -]{0,60}>)"
)
_IN_BRACKETS: Final = re.compile(r" \((?:name|id) ?[:=] ?['\"]?(\w[^'\"()\n]{1,99})['\"]?\)", re.IGNORECASE)
_SHAPED: Final = re.compile(r"[_/\\@{<]|[a-z][A-Z]|[A-Za-z]-?\d|\d-?[A-Za-z]|\w\.\w|[A-Z]{2}-[A-Z]{2}")
_BARE_IN_FRONT: Final = re.compile(r"(?:^| )(\w{2,60}[_.]\w[\w.]{0,60}\*?|\w{1,60}_\*) $")
# `in container raw.`: behind a preposition and at the end of its sentence a noun's next word is its name.
_PREPOSITION: Final = re.compile(r"\b(?:in|of|from|on|to|into|under|for) $")
_ENDING: Final = re.compile(r"[.;]?(?:\s{0,3}$|\s{0,3}\n|[.;,] )")
_ENDING_KINDS: Final = frozenset(["blob", "column", "table", "queue", "database"])
_COMMON: Final = re.compile(
    r"(?:\w{0,40}(?:tion|ment|ance|ence|ing|ers|ies|ness|mode|count|names?|formats?|level|size|data|scans?)"
    r"|schema|order|evolution|mismatch|itself|lineage|statistics|type|list|lock|rows?|values?)",
    re.IGNORECASE,
)
_ONGOING: Final = re.compile(r" [\w'\"`<{/]")
_COMPLAINT_AHEAD: Final = re.compile(
    r" (?:does(?: no|n')t |do not |did not |cannot |can't |could not |is (?:not|no longer|in|already|missing|offline)\b"
    r"|was (?:not|stopped|terminated|deleted|lost)\b|has (?:been|reached|exceeded|incompatible|failed)\b|not found"
    r"|already exists|is un|remained)"
)
_FAILED_AHEAD: Final = re.compile(
    r" (?:failed\b|timed out|was not found|not found|(?:does not|doesn't) exist|already exists|cannot be found)"
)
# What follows a noun in a sentence without naming one.
_WORDS: Final = (
    "does is not was were are has have had that the this these which cannot could can will would with without "
    "name names for from and or in on at to of by be been due because failed does-not specified you used using "
    "being already a an it its their your as if when while where but no more than after before into value "
    "values type types id error exception service services side level run runs mode access state status "
    "version limit size format failure failures driver worker node nodes host server firewall configuration "
    "settings definition permission permissions data launch start startup creation itself must should may "
    "might also only found missing exists installation install update operation execution invocation import "
    "export building mapping expression reference list index libraries library storage option resource "
    "activity unavailable root runtime columns files table column file instead again order"
)
PROSE: Final = frozenset(_WORDS.split())


def named_beside_nouns(text: str) -> Iterator[Named]:
    """Every name beside a noun, in the order of the text."""
    before, before_start, before_end = "", 0, -2
    for word in _WORD.finditer(text):
        plain = word[0].lower().replace("_", "")
        joined = before + plain if word.start() - before_end == 1 else ""
        known = _KIND_OF.get(joined) or _KIND_OF.get(plain)
        first = before_start if joined in _KIND_OF else word.start()
        before, before_start, before_end = plain, word.start(), word.end()
        if known is None or joined in _NEVER or plain in _NEVER:
            continue
        found = _after(text, first, word.end(), *known) or _in_front(text, first, word.end(), known[0])
        if found is not None:
            yield found


def _after(text: str, start: int, end: int, kind: str, quoted_only: bool) -> Named | None:
    bracketed = _IN_BRACKETS.match(text, end)
    if bracketed is not None:
        return Named(kind, bracketed[1], bracketed.start(1), bracketed.end(1))
    quoted = _QUOTED.match(text, end)
    if quoted is not None:
        return Named(kind, quoted[2], quoted.start(2), quoted.end(2))
    bare = _BARE.match(text, end)
    if bare is None:
        return None
    name = bare[3].rstrip(".,:;!?")
    if name.lower() in PROSE:
        return None
    if not _may_be_bare(text, bare, name, quoted_only) and not (
        kind in _ENDING_KINDS and not quoted_only and _ends_a_sentence(text, start, bare, name)
    ):
        return None
    return Named(kind, name, bare.start(3), bare.start(3) + len(name))


def _may_be_bare(text: str, bare: re.Match[str], name: str, quoted_only: bool) -> bool:
    """A name without quotes looks like one, stands alone behind a colon, or is what the sentence complains of."""
    is_shaped = _SHAPED.search(name) is not None
    if bare[2].strip() in (":", "=", "->") or " name" in bare[1] or " with " in bare[1]:
        return is_shaped or (not quoted_only and not _ONGOING.match(text, bare.end()))
    if quoted_only:
        has_failed = _FAILED_AHEAD.match(text, bare.start(3) + len(name)) is not None
        return has_failed and (is_shaped or (len(name) > 4 and name.isdigit()))
    return is_shaped or (
        len(name) > 2 and _COMPLAINT_AHEAD.match(text, bare.start(3) + len(name)) is not None
    )


def _ends_a_sentence(text: str, start: int, bare: re.Match[str], name: str) -> bool:
    return (
        bare[2] == " "
        and len(name) > 2
        and not _COMMON.fullmatch(name)
        and _ENDING.match(text, bare.start(3) + len(name)) is not None
        and _PREPOSITION.search(text, max(0, start - 8), start) is not None
    )


def _in_front(text: str, start: int, end: int, kind: str) -> Named | None:
    """`'orders' table`, `Acme.Batch resource provider is not registered`: the name stands right before the noun."""
    if start < 3 or text[start - 1] != " ":
        return None
    if text[start - 2] in "'\"`":
        begin = text.rfind(text[start - 2], max(0, start - 130), start - 2) + 1
        if not begin or not text[begin : begin + 1].strip():
            return None
        return Named(kind, text[begin : start - 2], begin, start - 2)
    bare = _BARE_IN_FRONT.search(text, max(0, start - 80), start)
    if bare is None or not (_COMPLAINT_AHEAD.match(text, end) or complained_before(text, bare.start(1))):
        return None
    return Named(kind, bare[1], bare.start(1), bare.end(1))

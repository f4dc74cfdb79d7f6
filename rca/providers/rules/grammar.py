"""Reads a complaint as a sentence: what is said (invalid, unsupported, missing, empty) of which kind of
thing.

`The column type is not supported` is a schema's fault, `The authentication type is not supported` a
setting's: the same predicate, another subject. This catches the long tail of messages that no pattern names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rca.providers.rules.signals import SETUP, Signal
from tickets.choices import CauseClass as C

BEFORE: Final = 70
AFTER: Final = 40
MAX_COMPLAINTS: Final = 40


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PREDICATES: Final[dict[str, tuple[str, ...]]] = {
    "invalid": (
        "is not valid",
        "not a valid",
        "are not valid",
        "is invalid",
        "are invalid",
        "invalid",
        "incorrect",
        "is wrong",
        "malformed",
        "unrecognized",
        "cannot be parsed",
    ),
    "unsupported": (
        "not supported",
        "unsupported",
        "does not support",
    ),
    "missing": (
        "is missing",
        "are missing",
        "missing",
        "not found",
        "does not exist",
        "do not exist",
        "not exist",
        "cannot be found",
        "could not be found",
        "cannot find",
        "could not find",
        "unable to find",
    ),
    "unloadable": (
        "cannot load",
        "could not load",
        "unable to load",
        "failed to load",
        "could not be loaded",
        "cannot be loaded",
    ),
    "empty": (
        "is null",
        "is empty",
        "cannot be null",
        "not specified",
        "is required",
        "are required",
        "not set",
        "not provided",
    ),
}
_SUBJECTS: Final[dict[str, frozenset[str]]] = {
    "shape": _words(
        """type types datatype column columns field fields schema precision scale attribute decimal"""
    ),
    "package": _words(
        """package packages module modules driver drivers assembly library libraries dll class jar wheel
        provider plugin dependency dependencies jre"""
    ),
    "part": _words("""script component task extension connector handler codec"""),
    "credential": _words(
        """credential credentials password token tokens secret sas certificate login username signature
        passphrase"""
    ),
    "content": _words(
        """json xml csv parquet avro orc excel workbook record records data row rows document encoding
        character characters date datetime timestamp"""
    ),
    "statement": _words(
        """query sql statement expression syntax fetchxml procedure routine identifier keyword"""
    ),
    "right": _words("""permission permissions privilege privileges entitlement grant rights claim claims"""),
    "host": _words("""host hostname"""),
    "file": _words("""blob file files folder directory path paths source worksheet"""),
    "thing": _words(
        """table view database container notebook cluster job secret scope resource bucket warehouse
        catalog object workspace pipeline dataset trigger endpoint pool queue topic model user
        principal group server metastore service app factory"""
    ),
    "setting": _words(
        """property properties parameter parameters setting settings value option configuration argument
        variable name url uri key id authentication auth connection string account mode format cloud
        version region"""
    ),
}
_VERDICTS: Final[dict[tuple[str, str], C]] = {
    ("invalid", "shape"): C.SCHEMA_OR_TYPE_MISMATCH,
    ("invalid", "credential"): C.AUTHENTICATION_FAILURE,
    ("invalid", "content"): C.BAD_DATA,
    ("invalid", "statement"): C.SYNTAX_OR_CODE_ERROR,
    ("unsupported", "shape"): C.SCHEMA_OR_TYPE_MISMATCH,
    ("unsupported", "statement"): C.SYNTAX_OR_CODE_ERROR,
    ("missing", "shape"): C.SCHEMA_OR_TYPE_MISMATCH,
    ("missing", "package"): C.MISSING_DEPENDENCY_OR_LIBRARY,
    ("missing", "file"): C.MISSING_SOURCE_DATA,
    ("missing", "content"): C.MISSING_SOURCE_DATA,
    ("missing", "thing"): C.RESOURCE_NOT_FOUND,
    ("missing", "statement"): C.RESOURCE_NOT_FOUND,
    ("missing", "part"): C.RESOURCE_NOT_FOUND,
    ("invalid", "part"): C.SYNTAX_OR_CODE_ERROR,
    ("unloadable", "package"): C.MISSING_DEPENDENCY_OR_LIBRARY,
    ("unloadable", "part"): C.MISSING_DEPENDENCY_OR_LIBRARY,
    ("missing", "right"): C.PERMISSION_DENIED,
    ("empty", "right"): C.PERMISSION_DENIED,
    ("missing", "host"): C.NETWORK_CONNECTIVITY,
    ("empty", "content"): C.BAD_DATA,
    ("empty", "file"): C.MISSING_SOURCE_DATA,
}
_KIND_OF: Final = {word: kind for kind, words in _SUBJECTS.items() for word in words}
# "Authentication type" and "connection string" are settings, whatever their last word says elsewhere.
_SETTING_BEFORE: Final = _words(
    """authentication auth credential connection account compression cloud partition node"""
)
# "Worker type", "activity type": kinds of things that one chooses, not of data.
_CHOSEN_BEFORE_TYPE: Final = _words(
    """activity dataset resource instance vm worker trigger connector compute runtime service store storage sink
    cluster task volume grant encryption endpoint"""
)
_LEADING: Final = frozenset(["invalid", "incorrect", "malformed", "unsupported", "missing", "unrecognized"])
_ENDS_PHRASE: Final = _words(
    """of for in is are was were to at on with and from by that which or has have not while when"""
)
_MISSING: Final = frozenset(_PREDICATES["missing"])
_NEUTRAL: Final = _words("""name names value values id""")
_PATTERN: Final = re.compile(
    "|".join(
        f"(?P<{name}>{'|'.join(re.escape(text) for text in sorted(texts, key=len, reverse=True))})"
        for name, texts in _PREDICATES.items()
    )
)
# `dbfs:/mnt/in does not exist`: a path needs no noun before it.
_ENDS_WITH_PATH: Final = re.compile(r"(?:abfss?|wasbs?|dbfs|s3[an]?|gs|adl|hdfs|file):/[^ ]{2,60}[':]? $")
_WORDS: Final = re.compile(r"[a-z]{2,24}")


def complaint_signals(plain: str) -> Iterator[Signal]:
    """A signal for each complaint whose subject is known; plain settings are the fallback."""
    for count, match in enumerate(_PATTERN.finditer(plain)):
        if count >= MAX_COMPLAINTS:
            return
        predicate = match.lastgroup or ""
        subject, word = _subject(plain, match.start(), match.end())
        if not subject:
            continue
        cause = _VERDICTS.get((predicate, subject), C.CONFIGURATION_ERROR)
        if predicate == "unloadable" and (predicate, subject) not in _VERDICTS:
            continue  # data or a table that does not load says nothing of why
        yield Signal(cause, SETUP, f"“{word} … {match[0]}”", match.start(), False)


def _subject(plain: str, start: int, end: int) -> tuple[str, str]:
    """The kind and the word of what is complained of; ("", "") when it is not known."""
    predicate = plain[start:end]
    if predicate in _LEADING or predicate.endswith((" find", " support", " load")):
        after = _WORDS.findall(plain[end : end + AFTER].partition(". ")[0])
        if found := _head(after):
            return found
    if predicate in _MISSING and _ENDS_WITH_PATH.search(plain, max(0, start - BEFORE), start):
        return "file", "path"
    before = _WORDS.findall(plain[max(0, start - BEFORE) : start].rpartition(". ")[2])
    for index in range(len(before) - 1, -1, -1):
        if predicate in _MISSING and before[index] in _NEUTRAL and index:
            continue  # "group with id 12 not found" misses the group
        if kind := _KIND_OF.get(before[index]):
            is_setting = index > 0 and _makes_setting(before[index - 1], before[index])
            return ("setting" if is_setting else kind), before[index]
    return "", ""


def _makes_setting(word_before: str, word: str) -> bool:
    return word_before in _SETTING_BEFORE or (
        word in ("type", "types") and word_before in _CHOSEN_BEFORE_TYPE
    )


def _head(words: list[str]) -> tuple[str, str] | None:
    """The head of the noun phrase at the front: the last known word before a preposition or a verb."""
    phrase = []
    for word in words:
        if word in _ENDS_PHRASE:
            break
        phrase.append(word)
    for word in reversed(phrase):
        if word not in _NEUTRAL and (kind := _KIND_OF.get(word)):
            is_setting = any(_makes_setting(other, word) for other in phrase)
            return ("setting" if is_setting else kind), word
    known = next((word for word in phrase if word in _KIND_OF), None)
    return (_KIND_OF[known], known) if known else None

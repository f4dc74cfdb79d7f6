"""Makes an error text fit for matching: bounded, one spelling of quotes and spaces, without lines meant for a
model.

Error texts come from whoever can make a job fail. They are cut to a window (the head names the failure, the
tail holds the innermost cause) so that time and memory do not depend on the sender.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD = 6_000
TAIL = 6_000
MAX_CODE = 120
MAX_GUESSES = 400

_ESCAPES = (("\\r", " "), ("\\n", "\n"), ("\\t", " "), ('\\"', '"'), ("\\u0027", "'"), ("\\u0022", '"'))
# `C:\temp\new.csv` holds no tabulator and no line end: what begins like a path of Windows keeps its marks.
_WINDOWS_PATH = re.compile(
    r"(?:(?<![\w\\])[A-Za-z]:|(?<![\w\\:])\\\\[\w.\-$]{2,60})"
    r"(?:\\{1,2}[\w$+=@#()\-]{1,60}(?:\.\d{1,3}|(?: [\w$+=@#()\-]{1,30}){1,3}(?=\\))?){1,20}"
)
_KEPT_MARK = "\ue000"
_QUOTES = str.maketrans(
    {'"': "'", "`": "'", "’": "'", "‘": "'", "“": "'", "”": "'", "\u00a0": " ", "\0": " "}
)

# Sentences that speak to a language model instead of describing a failure. They are dropped, not obeyed.
_ADDRESSES_A_MODEL = re.compile(
    r"(?:ignore|disregard|forget|override) (?:all |any |the |your |of |these |those ){0,4}"
    r"(?:previous|prior|above|earlier|preceding|existing|system|other) "
    r"(?:instruction|rule|prompt|direction|message|context)"
    r"|you are (?:now )?(?:a|an|the) (?:\w+ ){0,3}(?:assistant|model|analyst|agent|bot)\b"
    r"|(?:system|assistant|developer) ?(?:prompt|note|instruction)s? ?:"
    r"|\b(?:new|updated|additional) instructions?\b"
    r"|\b(?:classify|report|label|mark|treat) (?:this|it) (?:\w+ )?as\b"
    r"|(?:the )?(?:root )?cause(?:[ _]class)? (?:is|should be|must be|to be) [\"'`]?[a-z]+_[a-z_]+"
    r"|\b(?:set|return|output|respond with|answer with|reply with)\b.{0,40}"
    r"\b(?:cause_class|severity|confidence|error_type)"
    r"|\brun (?:the )?playbooks?\b|\bapprove (?:the )?(?:remediation|playbook)"
)
# A frame of a stack trace names packages (`java.util.concurrent`, `scala.collection.immutable`), not causes.
_FRAME = re.compile(r"\bat (?:[\w$]{1,60}[./]){2,12}[\w$<>`]{1,80}\([\w.$:,\[\]`& -]{0,160}\)")
# Where a Spark task ran (`(TID 9) (10.0.0.5 executor 2)`) says nothing of why it failed.
_TASK_PLACE = re.compile(r"\(TID \d{1,12}[^()]{0,120}\)(?: \([^()]{1,100} executor [^()]{1,20}\))?")
# What stands before the innermost cause: Java's traces, and Python's exhausted retries in parentheses.
_INNERMOST = ("caused by:", "(caused by ")
_LISTS_GUESSES = re.compile(r"(?:possible|potential|common|likely) (?:root )?(?:reasons|causes)\b")
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\n")


# Documents write "isn't", products "is not"; patterns and texts meet in the long form.
_CONTRACTIONS = (("can't", "cannot"), ("can not", "cannot"), ("won't", "will not"), ("n't ", " not "))
# Words that complain of nothing: an HTTP client's wrapper, a .NET exception class, a heading.
_IDLE_WORDS = (
    ("invalid status code", "status code"),
    ("invalidoperationexception", "operationexception"),
    ("unsuccessful status code", "status code"),
    # The monitor's name for every failure that is not the service's own; and the product before a number.
    ("user configuration issue", "user issue"),
    ("sql server error", "sql error"),
    ("max retries exceeded", "max retries reached"),
)


def plain_form(text: str) -> str:
    """Lower case, single spaces, one kind of quote, no contractions, `...` as one character."""
    plain = " ".join(text.translate(_QUOTES).lower().replace("...", "…").split())
    for short, long in (*_CONTRACTIONS, *_IDLE_WORDS):
        if short in plain:
            plain = plain.replace(short, long)
    return plain


@dataclass(frozen=True, slots=True)
class ErrorText:
    """`raw`: the windowed text for codes and names; `plain`: lower case, one-line form for phrases.

    `deep_from` is where in `plain` the innermost cause begins (its length when the text shows no nesting);
    `guesses` are begin and end of a list of possible causes in `plain`.
    """

    raw: str
    plain: str
    deep_from: int
    guesses: tuple[int, int] = (0, 0)
    has_foreign_instructions: bool = False


def prepare(message: str) -> ErrorText:
    """The text as the matchers want it. Never longer than `HEAD + TAIL` characters."""
    text = _unescaped(window(message))
    cleaned = drop_instructions(text)
    plain = plain_form(_TASK_PLACE.sub(" ", _FRAME.sub(" ", cleaned)))
    deep = max(plain.rfind(mark) for mark in _INNERMOST)
    return ErrorText(
        raw=cleaned,
        plain=plain,
        deep_from=deep if deep >= 0 else len(plain),
        guesses=_guesses(plain),
        has_foreign_instructions=len(cleaned) != len(text),
    )


def _unescaped(text: str) -> str:
    """With line ends, tabulators and quotes where the text writes them as escapes, except inside Windows paths."""
    if "\\" not in text:
        return text
    text = _WINDOWS_PATH.sub(lambda path: path[0].replace("\\", _KEPT_MARK), text)
    for escape, replacement in _ESCAPES:
        if escape in text:
            text = text.replace(escape, replacement)
    return text.replace(_KEPT_MARK, "\\")


def _guesses(plain: str) -> tuple[int, int]:
    """Where the product lists what it may have been (`Possible reasons: …`), up to the end of that sentence."""
    match = _LISTS_GUESSES.search(plain)
    if match is None:
        return 0, 0
    end = plain.find(". ", match.end(), match.end() + MAX_GUESSES)
    return match.start(), end if end >= 0 else min(len(plain), match.end() + MAX_GUESSES)


def own_code(code: str) -> str:
    """The code that came apart from the text, on one line and no longer than any vendor's."""
    return " ".join(code.split())[:MAX_CODE]


def window(message: str) -> str:
    """Head and tail of a long text."""
    if len(message) <= HEAD + TAIL:
        return message
    return f"{message[:HEAD]}\n{message[-TAIL:]}"


def drop_instructions(text: str) -> str:
    """The text without the sentences that address a model; unchanged when there are none."""
    if not _ADDRESSES_A_MODEL.search(text.lower()):
        return text
    kept: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        kept.append(_kept(text[start : end.end()]))
        start = end.end()
    kept.append(_kept(text[start:]))
    return "".join(kept)


def _kept(sentence: str) -> str:
    return "" if _ADDRESSES_A_MODEL.search(sentence.lower()) else sentence

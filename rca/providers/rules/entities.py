"""Names the thing a failure is about: path, table, column, package, host, cluster, runtime, function.

What a text names first is often the wrapper (the server of a failed connection); so the class of the cause
says which kind to look for first. Expressions are bounded, never nested: a hostile text costs linear time.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from tickets.choices import CauseClass as C

MAX_LENGTH: Final = 300
MAX_TRIES: Final = 4
# What follows "container", "scope" or "cluster" in a sentence without naming one.
_WORDS: Final = (
    "does is not was were has have had that the this which cannot could can will would with without name "
    "names for from and or in on at to of by be been due because failed does-not specified"
)
_NO_NAMES: Final = frozenset(_WORDS.split())

_Q = "['\"`\\[]"
_E = "['\"`\\]]"
_FILES = r"(?:csv|tsv|json|parquet|avro|orc|xlsx?|txt|xml|gz|zip|dtsx|dat|sql|py|jar|whl|sh|log)"
_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "column": (
        rf"\b[Cc]olumns?(?: name)?(?: or field)?(?: named)?[ :=]{{1,3}}{_Q}([^'\"`\]\n]{{1,120}}){_E}",
        rf"\bparameter with name {_Q}([^'\"`\]\n]{{1,120}}){_E}",
        rf"\b(?:merge )?fields? {_Q}([^'\"`\]\n]{{1,120}}){_E}",
        r"\bcolumn(?: name)?: ([A-Za-z_][\w.]{0,80})",
        r"\bcolumn '?([A-Za-z_][\w.]{0,80}) (?:has incompatible|cannot|does not|is not|of type)",
        rf"\bproperty {_Q}([^'\"`\]\n]{{1,80}}){_E}",
        r"\bcolumn \d{1,6} \(([^)\n]{1,80})\)",
    ),
    "table": (
        r"(`[^`\n]{1,80}`(?:\.`[^`\n]{1,80}`){1,3})",
        r"\b(?:[Tt]able|[Vv]iew|[Oo]bject name|[Oo]bject|object named|[Ss]tored procedure|[Ss]chema|[Cc]atalog)"
        rf"(?: or view)? {_Q}([^'\"`\]\n]{{1,160}}){_E}",
        r"\b(?:[Tt]able or view not found|Table not found|Table): ([\w.\-]{2,120})",
        r"\b[Tt]able ([A-Za-z_]\w{0,60}(?:\.\w{1,60}){1,2})\b",
        rf"\bobject {_Q}([^'\"`\]\n]{{1,160}}){_E}",
    ),
    "notebook": (
        r"\b[Nn]otebook(?: not found:| path:)? [\"'`]?(/[^\s\"'`<>]{1,250})",
        r"\b[Nn]otebook not found: ([^\s\"'`<>/]{1,60}/[^\s\"'`<>]{1,250})",
        r"\b[Uu]nable to access the notebook [\"'`]?([^\s\"'`<>]{2,250})",
        r"(/(?:Repos|Workspace|Users)/[^\s\"'`<>,;]{1,250})",
    ),
    "path": (
        r"\b[Pp]ath:? ?[\"'`]([^\"'`\n]{1,250})[\"'`]",
        r"\b((?:abfss?|wasbs?|dbfs|s3a?|s3n|gs|adl|hdfs)://?[^\s\"'`<>,;)\]]{2,280})",
        r"\b(dbfs:/[^\s\"'`<>,;)\]]{2,280})",
        r"(?<![\w:/.])(/(?:dbfs|mnt|Volumes|databricks|home|tmp)/[^\s\"'`<>,;)\]]{1,250})",
        r"\bpath: ([^\s\"'`<>,;]{2,250})",
        r"[\"'`](/[^\s\"'`]{1,100}/[^\"'`\n]{1,200})[\"'`]",
        rf"[\"'`]([^\"'`\n]{{1,200}}\.{_FILES})[\"'`]",
        rf"(?<![\w/.\-])(?!o\d{{1,6}}\.|spark\.)([\w\-]{{1,100}}(?:/[\w\-.]{{1,80}}){{0,8}}\.{_FILES})\b",
        r"\bin data file (\S{2,200})",
        r"\bFile/External table name: ['\"]?([^\s'\"]{2,250}?)['\"]?\.?(?:\s|$)",
        r"\b(https?://[^\s\"'`<>,;)\]]{6,280})",
        r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD) (/[^\s?\"']{2,200})",
    ),
    "package": (
        r"No module named '?([\w.\-]{1,100})",
        r"Java class '?([\w.$]{3,150})",
        r"distribution found for ([\w.\-]{1,100})",
        r"satisfies the requirement ([\w.\-]{1,100})",
        r"cannot import name '([\w.]{1,80})'",
        r"ClassNotFoundException: (?:Failed to find data source: )?([\w.$\-]{3,150}\w)",
        r"NoClassDefFoundError: (?:Could not initialize class )?([\w/.$]{3,150}\w)",
        r"NoSuchMethodError: '?([\w.$]{3,150})",
        r"data source: ([\w.\-]{2,100}\w)",
        r"assembly '([^',\n]{2,150})",
        r"pip, install, (?:--[\w\-]{1,30}, ){0,5}([\w.\-\[\]]{2,100})",
        r"unresolved dependency: ([\w.\-:#;]{3,150})",
        r"(?:coordinates|pypi|maven|library) ?[\"':=( ]{1,3}([\w.\-]{2,80}(?::[\w.\-]{1,80}){1,3})",
        r"(lib[\w.\-]{2,60}\.so[\w.]{0,12})",
    ),
    "endpoint": (r"\bwith url: (/[^\s?(\"']{2,200})",),
    "resource": (
        r"(/subscriptions/[^\s'\"<>]{8,290})",
        r"\b[Rr]esource (?:id )?['\"]([^'\"\n]{2,200})['\"]",
    ),
    "host": (
        r"UnknownHostException: ([\w.\-]{3,150})",
        r"\b(?:[Ss]erver|[Hh]ost|host=)[ :=]{1,3}['\"]([^'\"\n,]{3,150})['\"]",
        r"\bopen server '([^']{2,120})'",
        r"\bhost=['\"]([\w.\-]{3,150})",
        r"\b(\d{1,3}(?:\.\d{1,3}){3}:\d{2,5})\b",
        r"(?:net\.tcp|jdbc:\w{2,20})://([\w.\-]{3,150}(?::\d{2,5})?)",
        r"\b[Cc]onnect(?:ing|ion)? (?:to|with) (?:server |host )?['\"]?"
        r"((?!java\.|com\.|org\.)[\w\-]{1,60}(?:\.[\w\-]{1,60}){1,6}(?::\d{2,5})?)",
        r"\bhost ([\w\-]{1,60}(?:\.[\w\-]{1,60}){1,6})\b",
        r"\b([\w\-]{2,60}\.(?:database\.windows\.net|dfs\.core\.windows\.net|blob\.core\.windows\.net|vault\.azure\.net))\b",
        r"\bIP(?: address)? ['\"]?(\d{1,3}(?:\.\d{1,3}){3})",
    ),
    "cluster": (r"\b[Cc]luster [\"'(]?(\d{4}-\d{4,6}-\w{3,14})", r"\b(\d{4}-\d{6}-[a-z0-9]{4,14})\b"),
    "principal": (
        r"\b[Ll]ogin failed for user ['\"]([^'\"\n]{1,120})['\"]",
        r"\b[Aa]pplication with identifier ['\"]([^'\"\n]{1,120})['\"]",
        r"\b(?:[Uu]ser|[Pp]rincipal|[Cc]lient|[Ii]dentity|[Ll]ogin|[Aa]ccount|[Rr]ole)(?: name)?:? "
        r"['\"`]([^'\"`\n]{2,120})['\"`]",
        r"\bapp ['\"]([0-9a-f\-]{36})['\"]",
    ),
    "storage": (
        r"\b[Ss]torage account(?: name)?:? ['\"]?([a-z0-9]{3,24})\b",
        r"\b(?:external location|[Vv]olume|[Bb]ucket|[Ff]ilesystem) ['\"`]([^'\"`\n]{2,200})['\"`]",
    ),
    "setting": (
        r"\b(spark\.[\w.]{3,100}\w)",
        r"\b(fs\.azure\.[\w.]{3,100}\w)",
        r"\b(?:[Pp]arameter|[Vv]ariable|[Ss]etting|[Oo]ption|[Vv]alue for)(?: name)?:? "
        r"['\"`@]{1,2}([^'\"`\n]{1,120})['\"`]",
        r"\b(Standard_[A-Z]\w{1,30})\b",
    ),
    "node": (
        r"\b([Ee]xecutor \d{1,6})\b",
        r"\b([Dd]river)(?: node)? (?:is|was|has|not|un|died|stopped|crashed|out)",
    ),
    "runtime": (
        r"[Ii]ntegration [Rr]untime(?: \([^)\n]{1,40}\))? ['\"]([^'\"\n]{1,120})['\"]",
        r"node ['\"]([^'\"\n]{1,120})['\"]",
    ),
    "reference": (
        r"[Ll]inked [Ss]ervice(?: name)?[ :]{1,2}['\"]([^'\"\n]{1,120})['\"]",
        r"reference ['\"]([^'\"\n]{1,120})['\"]",
        r"\bwith (\w{3,60}\.[\w\-]{1,80})\b",
        r"\bset \"(\w{3,60})\" as",
    ),
    "function": (
        r"\b[Ff]unctions?:? ['\"]?((?:Functions\.)?<?[A-Z][\w.\-]{1,100}>?)",
        r"by function:? ['\"]?(<?[\w.\-]{2,100}>?)",
    ),
    "database": (r"\b[Dd]atabase:? ['\"]([^'\"\n]{1,120})['\"]", r"\b(master) database\b"),
    "blob": (r"\bblob:? ['\"]([^'\"\n]{1,200})['\"]", r"\b[Cc]ontainer(?:Name)?:? ['\"]?([\w$\-]{3,63})\b"),
    "secret": (r"\bscope:? ([\w.\-]{1,100})", r"\bsecret ['\"]([^'\"\n]{1,120})['\"]"),
    "job": (r"\b(?:[Jj]ob|[Rr]un|[Pp]ipeline) ['\"]([^'\"\n]{1,120})['\"]", r"\b[Jj]ob (\d{2,20})\b"),
    # A step of a data flow or of a pipeline.
    "step": (
        r"\bat (?:Sink|Source|Join|Derive|Lookup|Aggregate|Filter|[A-Z][a-z]{3,12}) ['\"]([^'\"\n]{1,80})['\"]",
        r"\b(?:in|template) action ['\"]([^'\"\n]{1,120})['\"]",
        r"\b[Aa]ctivity(?: name)?:? ['\"]([^'\"\n]{1,120})['\"]",
        r"\bInner activity name: ([^,\n]{1,120})",
        r"\b[Oo]peration on target (.{1,120}?) {1,2}failed",
        r"\b[Pp]ipeline:? ['\"]([^'\"\n]{1,120})['\"]",
    ),
    "pipeline": (r"\b[Ss]ource:? Pipeline ([\w\-]{1,120})",),
    "code": (
        r"'(\w{1,80})' object (?:has no|is not|does not)",
        r"\b(?:has no|no) attribute '(\w{1,80})'",
        r"\bname '(\w{1,80})' is not defined",
        r"\b(\w{2,80})\(\) (?:got|takes|missing)",
        r"\bKeyError: ['\"]([^'\"\n]{1,120})['\"]",
        r"\b[Uu]ndefined function:? ['\"`]?([\w.]{2,100})",
        r"\b(?:[Ii]nvalid|[Uu]nknown|[Uu]nresolved) (?:identifier|routine|function) ['\"`]?([\w.]{2,100})",
        r"\b[Ii]ncorrect syntax near (?:the keyword )?'([^'\n]{1,60})'",
    ),
}
_COMPILED: Final = {
    kind: tuple(re.compile(pattern) for pattern in patterns) for kind, patterns in _KINDS.items()
}
_DEFAULT_ORDER: Final = tuple(_KINDS)
_FIRST: Final[dict[str, tuple[str, ...]]] = {
    C.MISSING_SOURCE_DATA: ("path", "blob", "table"),
    C.SCHEMA_OR_TYPE_MISMATCH: ("column", "path", "table"),
    C.BAD_DATA: ("table", "column", "path"),
    C.MISSING_DEPENDENCY_OR_LIBRARY: ("package", "cluster"),
    C.NETWORK_CONNECTIVITY: ("host", "runtime"),
    C.RESOURCE_NOT_FOUND: ("table", "notebook", "secret", "path", "job", "storage", "principal"),
    C.CLUSTER_INFRASTRUCTURE_FAILURE: ("cluster", "runtime"),
    C.OUT_OF_MEMORY: ("cluster", "runtime", "notebook", "node"),
    C.PERMISSION_DENIED: ("path", "table", "host", "notebook", "storage", "principal"),
    C.AUTHENTICATION_FAILURE: ("host", "reference", "secret", "principal", "storage"),
    C.CONCURRENCY_CONFLICT: ("cluster", "reference", "table", "blob", "path"),
    C.THROTTLING: ("runtime", "endpoint", "host"),
    C.UPSTREAM_SERVICE_OUTAGE: ("resource", "host"),
    C.CAPACITY_OR_QUOTA: ("cluster", "database", "runtime"),
    C.TIMEOUT: ("function", "host", "path"),
    C.SYNTAX_OR_CODE_ERROR: ("pipeline", "step", "notebook", "function", "code"),
    C.CONFIGURATION_ERROR: ("reference", "runtime", "path", "database", "setting", "pipeline"),
}


def affected_entity(raw: str, cause_class: str) -> str:
    """The thing named by the text, or "" when it names none. Never longer than 300 characters."""
    first = _FIRST.get(cause_class, ())
    for kind in (*first, *(kind for kind in _DEFAULT_ORDER if kind not in first)):
        for pattern in _COMPILED[kind]:
            for match in islice(pattern.finditer(raw), MAX_TRIES):
                name = match[1].replace("`", "").strip(" .,;:'\"")
                if name and name.lower() not in _NO_NAMES:
                    return name[:MAX_LENGTH]
    return ""

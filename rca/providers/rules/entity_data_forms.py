"""The forms in which products write the names of data and of code: columns, tables, notebooks, paths, packages.

Each form: a literal that every text it matches holds ("" where there is none), and the expression.
"""

from __future__ import annotations

from typing import Final

Form = tuple[str, str]

_Q: Final = "['\"`\\[]"
_E: Final = "['\"`\\]]"
_FILES: Final = (
    r"(?:csv|tsv|json|jsonl|parquet|avro|orc|xlsx?|xlsm|xml|txt|gz|zip|dtsx"
    r"|ispac|dat|sql|py|ipynb|r|scala|jar|whl|egg|sh"
    r"|cmd|ps1|log|done|ya?ml|conf|pem|pfx)"
)
DATA_FORMS: Final[dict[str, tuple[Form, ...]]] = {
    "column": (
        (
            "'. Failed to merge incompatible",
            r"\bmerge fields '([^'\n]{1,120})' and '[^'\n]{1,120}'\. Failed to merge incompatible",
        ),
        (" is ambiguous", r"\b[Rr]eference ['\"`]([^'\"`\n]{1,120})['\"`] is ambiguous"),
        ("column name ", r"\bcolumn name ['\"]?(\w{1,120})['\"]? among"),
        ("parameter with name ", rf"\bparameter with name {_Q}([^'\"`\]\n]{{1,120}}){_E}"),
        ("merge field", rf"\bmerge fields? {_Q}([^'\"`\]\n]{{1,120}}){_E}"),
        ("column ", r"\bcolumn '?([A-Za-z_][\w.]{0,80}) (?:has incompatible|cannot|does not|is not|of type)"),
        ("column ", r"\bcolumn \d{1,6} \(([^)\n]{1,80})\)"),
        ("Type can", r"\b[Ff]ield (\w{1,80}): \w{1,40}Type can"),
        ("cannot resolve ", rf"\bcannot resolve {_Q}?([\w.]{{1,120}}){_E}? (?:given|in|due)"),
        ("nknown column ", rf"\b[Uu]nknown column {_Q}([^'\"`\]\n]{{1,120}}){_E}"),
        ("o such ", rf"\b[Nn]o such (?:struct )?(?:column|field) {_Q}?(\w[\w.]{{0,120}})"),
        ("invalid identifier ", r"\binvalid identifier ['\"]{1,2}([^'\"\n]{1,120})['\"]"),
        ("uplicate column(s)", r"\b[Dd]uplicate column\(s\)[^:\n]{0,60}: [`'\"]?(\w{1,120})"),
        ("ORA-00904: ", r"\bORA-00904: ((?:\"\w{1,60}\"\.?){1,3})"),
        ("Ambiguous column name '", r"\bAmbiguous column name '([^'\n]{1,120})'"),
        ("colid ", r"\b(colid \d{1,4})\b"),
        (
            "issing ",
            r"\b[Mm]issing (?:inputs?|columns?|fields?|features?|keys?)[^\['\"\n]{0,20}\[['\"]([^'\"\n]{1,120})['\"]",
        ),
        ("olumn, '", r"\b[Cc]olumn, '([^'\n]{1,120})', "),
        ("nknown fields ", r"\b[Uu]nknown fields [^:\n]{0,40}: \[(\w{1,120})\]"),
    ),
    "table": (
        (".`", r"(`[^`\n]{1,80}`(?:\.`[^`\n]{1,80}`){1,3})"),
        (".[", r"(\[\w{1,80}\](?:\.\[[^\]\n]{1,80}\]){1,3})"),
        ('."', r"(\"\w{1,80}\"(?:\.\"[^\"\n]{1,80}\"){1,3})"),
        ("", rf"\b(?:[Oo]bject name|[Oo]bject|object named){' '}{_Q}([A-Za-z#\[][^'\"`\n]{{1,160}}){_E}"),
        ("bject: ", r"\b[Oo]bject: ([A-Za-z]\w{1,60}(?:\.[\w\-]{1,80}){1,3})"),
        (": ", r"\b(?:[Tt]able or view not found|Table not found): ([\w.\-]{2,120})"),
        ("able ", r"\b[Tt]able (?:or view )?([A-Za-z_]\w{0,60}(?:\.\w{1,60}){1,2})\b"),
        ("extend ", r"\bextend (?:table|index) (\w{1,60}(?:\.\w{1,60}){1,2})"),
        ("procedure ", r"\b(?:[Tt]he )?procedure [\"']([^\"'\n]{1,120})[\"']"),
        (
            "",
            r"\b(?:relation|entity|sObject type|foreign table|INTO|UPDATE|FROM) [\"'`]([\w.\-]{2,120})[\"'`]",
        ),
        ("epends on a node named ", r"\b[Dd]epends on a node named ['\"]([^'\"\n]{1,120})['\"]"),
        (
            " is not a Delta table",
            r"(?<![\w`.])((?!org\.|com\.|java\.)\w{1,60}\.\w{1,60}(?:\.\w{1,60})?) is not a Delta table",
        ),
        (
            "ermission denied ",
            r"\b[Pp]ermission denied (?:for|on) (?:table|relation|schema|view|database|function|sequence) "
            r"\"?([\w.]{2,120})",
        ),
        ("partition [", r"\bpartition \[([^\]\n]{2,120})\]"),
    ),
    "notebook": (
        ("otebook", r"\b[Nn]otebook(?: not found:| path:)? [\"'`]?(/[^\s\"'`<>]{1,250})"),
        ("otebook not found: ", r"\b[Nn]otebook not found: ([^\s\"'`<>/]{1,60}/[^\s\"'`<>]{1,250})"),
        ("nable to access the notebook ", r"\b[Uu]nable to access the notebook [\"'`]?([^\s\"'`<>]{2,250})"),
        ("/", r"(/(?:Repos|Workspace|Users|Shared)/[^\s\"'`<>,;)]{1,250})"),
    ),
    "path": (
        ("://", r"['\"`]((?:abfss?|wasbs?|dbfs|s3a?|gs|adl|hdfs)://[^'\"`\n]{2,280})['\"`]"),
        ("ath", r"\b[Pp]ath:? ?[\"'`]([^\"'`\n]{1,250})[\"'`]"),
        ("nit script", r"\b[Ii]nit script:? [\"'`]?(/[^\s\"'`<>,;]{2,250})"),
        (":/", r"\b((?:abfss?|wasbs?|dbfs|s3a?|s3n|gs|adl|hdfs|sftp|ftps?|file)://?[^\s\"'`<>,;)\]]{2,280})"),
        (":/", r"\b((?:dbfs|file):/[^\s\"'`<>,;)\]]{2,280})"),
        (
            "/",
            r"(?<![\w:/.}])(/(?:dbfs|mnt|Volumes|databricks|home|tmp|local_disk0)/[^\s\"'`<>,;:)\]]{1,250})",
        ),
        ("ath: ", r"\b(?:folder|file|input )?[Pp]ath: ([^\s\"'`<>,;]{2,250})"),
        ("/", r"[\"'`](/[^\s\"'`]{1,100}/[^\"'`\n]{1,200})[\"'`]"),
        (":\\", r"['\"]([A-Za-z]:\\[^'\"<>|\n]{2,250})['\"]"),
        ("'\\\\", r"'(\\\\[\w.\-$]{2,60}\\[^'\"<>|\n]{2,200})'"),
        (":\\", r"(?<![\w\\])([A-Za-z]:\\[^\s\"'`<>,;|]{2,250})"),
        ("\\\\", r"(?<![\w\\])(\\\\[\w.\-$]{2,60}\\[^\s\"'`<>,;|]{2,200})"),
        (".", rf"[\"'`]([^\"'`\n]{{1,200}}\.{_FILES})[\"'`]"),
        (
            ".",
            rf"(?<![\w/.\-@:$])(?!o\d{{1,6}}\.|spark\.)([\w\-=]{{1,100}}(?:/[\w\-.=]{{1,80}}){{0,8}}"
            rf"\.{_FILES})\b(?!\.\w|\(|:\d)",
        ),
        ("in data file ", r"\bin data file (\S{2,200})"),
        (
            "File/External table name: ",
            r"\bFile/External table name: ['\"]?([^\s'\"]{2,250}?)['\"]?\.?(?:\s|$)",
        ),
        ("http", r"\b(https?://[^\s\"'`<>,;)\]]{6,280})"),
        (
            "/",
            r"(?:\b(?:under|in|at|from|into|of)|:) (?=\S{0,150}\d|\S{1,150}/(?:[\s,;.]|$))"
            r"((?!\d{1,4}/\d)[\w\-.=]{2,60}(?:/[\w\-.=*]{1,80}){1,8}/?)(?=[\s,;.]|$)",
        ),
        ("/", r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD) (/[^\s?\"']{2,200})"),
    ),
    "package": (
        ("No module named ", r"No module named ['\"]?([\w.\-]{1,100})"),
        ("annot find ", r"[Cc]annot find (?:module|package) ['\"]([@\w./\-]{1,100})['\"]"),
        ("Java class ", r"Java class '?([\w.$]{3,150})"),
        ("distribution found for ", r"distribution found for ([\w.\-]{1,100})"),
        ("satisfies the requirement ", r"satisfies the requirement ([\w.\-]{1,100})"),
        (
            "cannot import name '",
            r"cannot import name '[\w.]{1,80}' from (?:partially initialized module )?'([\w.]{1,80})'",
        ),
        ("cannot import name '", r"cannot import name '([\w.]{1,80})'(?! from)"),
        ("optional dependency '", r"optional dependency '([\w.\-]{1,80})'"),
        ("no package called ", r"no package called ['‘\"]([\w.]{1,80})"),
        ("while importing ", r"while importing ([\w.]{1,80})"),
        (
            "ClassNotFoundException: ",
            r"ClassNotFoundException: (?:Failed to find data source: )?([\w.$\-]{3,150}\w)",
        ),
        (
            "NoClassDefFoundError: ",
            r"NoClassDefFoundError: (?:Could not initialize class )?([\w/.$]{3,150}\w)",
        ),
        ("NoSuchMethodError: ", r"NoSuchMethodError: '?([\w.$]{3,150})"),
        ("NoSuchFieldError: ", r"NoSuchFieldError: '?([\w.$]{3,150})"),
        ("UnsatisfiedLinkError: ", r"UnsatisfiedLinkError: (?:no )?([\w.]{2,80})(?= in java)"),
        ("cheme", r"\b(?:[Ff]ile[Ss]ystem for|unsupported|unknown) scheme:? ['\"]?([A-Za-z][\w+\-]{1,20})"),
        ("provider ", r"\bprovider ((?:[\w.\-]{3,60}\.\w{2,10}/)?[a-z][\w\-]{1,40}/[\w\-]{2,60})"),
        ("data source: ", r"data source: ([\w.\-]{2,100}\w)"),
        ("assembly ", r"assembly ['\"]([^'\",\n]{2,150})"),
        (" provider", r"\b[Tt]he ['\"]([\w.\- ]{2,80})['\"] provider\b"),
        ("provider ", r"\bprovider ([\w.]{2,60}\.\d{1,3}(?:\.\d{1,3}){0,2})\b"),
        ("open lib ", r"open lib ['\"]([^'\"\n]{2,150})['\"]"),
        ("binding type(s) ", r"binding type\(s\) ['\"](\w{2,60})['\"]"),
        ("pip, install, ", r"pip, install, (?:--[\w\-]{1,30}, ){0,5}([\w.\-\[\]]{2,100})"),
        ("pip install ", r"\bpip install (?:--?[\w\-]{1,30} ){0,4}['\"]?([A-Za-z][\w.\-\[\]]{1,80})"),
        ("unresolved dependency: ", r"unresolved dependency: ([\w.\-:#;]{3,150})"),
        (":", r"(?:coordinates|pypi|maven|library) ?[\"':=( ]{1,3}([\w.\-]{2,80}(?::[\w.\-]{1,80}){1,3})"),
        (":", r"\b(?:artifact|dependency|library) ([\w.\-]{2,80}:[\w.\-]{2,80}(?::[\w.\-]{1,40}){1,2})"),
        (".", r"\b((?:com|org|io|net)\.[\w.\-]{2,80}:[\w.\-]{2,80}(?::[\w.\-]{1,40}){1,2})\b"),
        ("lib", r"(?<![\w/])(lib[\w.\-]{2,60}\.so[\w.]{0,12})"),
        (".", r"(?<![\w/\\.\-])([\w./\-]{2,120}\.(?:dll|jar|whl))\b"),
        ("->", r"-> {0,3}\d{0,5} {0,8}(?:from|import) ([\w.]{2,100})"),
        ("required by ", r"required by [^\s)]{0,200}/([A-Za-z]\w{1,60})[\w.\-]{0,80}\.so"),
        ("find class ", r"\bfind class ['\"]?([\w.$]{3,150}\w)"),
        ("but you have ", r"\bbut you have ([\w.\-]{2,80}) \d"),
        ("pypi package ", r"\bpypi package ['\"]?([\w.\-]{2,80})"),
        ("uilding wheel for ", r"\b[Bb]uilding wheel for ([\w.\-]{2,80})"),
        (" download failed", r"\b([\w.\-]{2,80}:[\w.\-]{2,80}(?::[\w.\-]{1,40})?) download failed"),
        ("' has no attribute", r"\bmodule '([\w.]{1,80})' has no attribute"),
    ),
    # A product by its own name, as the sentence's subject or as what it needs.
    "product": (
        (
            "",
            r"\b((?:[A-Z][\w.+#]{1,30} ){1,5}"
            r"(?:Environment|Engine|Client|Connector|Driver|Provider|SDK|Runtime|Pack|Types)"
            r"(?: \d[\w.]{0,12})?)"
            r" (?:cannot|could not|is not|are not|was not|has not|must|needs|is required|is missing)",
        ),
        (
            "",
            r"\b(?:[Cc]onnect(?:ing|ion)? (?:to|with)|[Rr]each(?:ing)?|[Aa]ccess(?:ing)?) (?:the |remote |external )?"
            r"((?:Azure |Apache |Amazon )?(?:Hive [Mm]etastore|Event Hubs?|Key Vault|Service Bus|Cosmos ?DB"
            r"|Data Lake Storage(?: Gen2)?|Blob Storage|Redis|Kafka|Snowflake|BigQuery|Redshift|MongoDB|Salesforce"
            r"|SharePoint(?: Online)?|Dynamics CRM|SAP HANA|Unity Catalog))\b",
        ),
        (
            ".",
            r"\b(?:run in|requires?|needs|expects|depends on)\s(?:the )?"
            r"([A-Z][\w.\-]{1,40} v?\d{1,4}(?:\.\d{1,5}){1,3})\b",
        ),
        (
            " serv",
            r"\b((?!The )(?:[A-Z]\w{2,30} ){0,2}(?!The )[A-Z]\w{2,30} (?:server|service))"
            r" (?:side|or the network|is (?:un|not|down|temp|exper))",
        ),
    ),
}

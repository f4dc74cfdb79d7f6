"""The forms in which products write the names of things, by kind: addresses, runtimes' complaints, ids.

Only what the grammar of `entity_nouns` does not say: a form with a shape of its own, or a sentence whose noun stands
elsewhere. Before each expression stands a literal that every text it matches holds ("" where there is none): a look for
that is far cheaper than the expression. Expressions are bounded and never nested.
"""

from __future__ import annotations

import re
from typing import Final

from rca.providers.rules.entity_data_forms import DATA_FORMS, Form

# The ends of names that belong to a cloud service's own host.
_CLOUDS: Final = (
    r"(?:core\.windows\.net|database\.windows\.net|servicebus\.windows\.net|azure\.(?:net|com)|azuredatabricks\.net"
    r"|azuresynapse\.net|azurewebsites\.net|snowflakecomputing\.com|amazonaws\.com|databricks\.com|databricksapps\.com"
    r"|googleapis\.com|salesforce\.com|dynamics\.com|sharepoint\.com|mongodb\.net|confluent\.cloud|cloudatahub\.net"
    r"|clouddatahub\.net|datafactory\.azure\.com|(?:pypi|maven|pythonhosted)\.[a-z]{3})"
)
# The address of a resource of Terraform; without a word before it only where the provider is one of the known.
_TERRAFORM: Final = (
    r"(?:module\.[\w\-]{1,60}(?:\[[^\]\n]{1,60}\])?\.){0,4}"
    r"(?:data\.)?[a-z][a-z0-9]{1,20}_\w{2,60}\.[\w\-]{1,80}"
)
_TERRAFORM_KNOWN: Final = (
    r"((?:module\.[\w\-]{1,60}\.){0,4}(?:data\.)?(?:databricks|azurerm|azuread|azapi|snowflake|aws|google)_\w{2,60}"
    r"\.[\w\-]{1,80}(?:\.\d{1,4}\b|\[[^\]\n]{1,60}\])?)"
)
_MISSING: Final = (
    r"do(?:es)? ?n[o']t exist|(?:was|is|were) not (?:found|defined|recognized|valid|registered|present)"
    r"|(?:could|can) ?not be (?:found|resolved|loaded|located|opened|parsed)|not found|already exists|is missing"
    r"|is (?:invalid|undefined|required)\b|does not support"
)
_NOT_FOUND: Final = (
    r"\b(?:[Cc]ould not|[Cc]annot|[Cc]an't|[Uu]nable to|[Ff]ailed to) (?:find|resolve|locate|load|parse)"
    r"|\b(?:[Nn]o such|[Ii]nvalid|[Uu]nknown|[Uu]nsupported|[Uu]nrecognized|[Mm]issing|[Uu]nexpected|[Uu]ndefined)"
)
_KINDS: Final[dict[str, tuple[Form, ...]]] = {
    **DATA_FORMS,
    "endpoint": (
        ("with url: ", r"\bwith url: (/[^\s?(\"']{2,200})"),
        ("/", r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD) (/[^\s?\"'<>,;)]{2,200})"),
        ("http", r"\b(https?://[\w.\-]{3,120}(?::\d{2,5})?/[^\s?#\"'`<>,;)\]]{2,200})"),
        ("endpoint ", r"\bendpoint ['\"]?(/[^\s?\"'<>,;)]{2,200})"),
        ("/api/", r"(?<![\w/.])(/api/\d[^\s?\"'<>,;)]{2,200})"),
    ),
    "host": (
        ("UnknownHostException: ", r"UnknownHostException: ([\w.\-]{3,150})"),
        ("lookup ", r"\blookup ([\w\-]{1,60}(?:\.[\w\-]{1,60}){1,6})"),
        ("", r"\b(?:[Ss]erver|[Hh]ost|host=)[ :=]{1,3}['\"]([^'\"\n,]{3,150})['\"]"),
        ("open server ", r"\bopen server ['\"]([^'\"\n]{2,120})['\"]"),
        ("=", r"\b(?:host|HOST|address|Data Source)=['\"]?(?:tcp:|https?://)?([\w.\-]{3,150}(?::\d{2,5})?)"),
        (".", r"(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3}:\d{2,5})\b"),
        ("://", r"(?:net\.tcp|amqps?|sb|jdbc:\w{2,20}|mongodb(?:\+srv)?)://([\w.\-]{3,150}(?::\d{2,5})?)"),
        (
            "onnect",
            r"\b[Cc]onnect(?:ing|ion)? (?:to|with) (?:(?:the )?(?:remote )?(?:server |host |broker )"
            r"|cloud service )?['\"/]?"
            r"((?!java\.|com\.|org\.)[\w\-]{1,60}(?:\.[\w\-]{1,60}){1,6}(?::\d{2,5})?)",
        ),
        ("host ", r"\bhost ([\w\-]{1,60}(?:\.[\w\-]{1,60}){1,6})\b"),
        ("ame ", r"\b[Nn]ame ([\w\-]{1,60}(?:\.[\w\-]{1,60}){1,6}) (?:could|cannot|does)"),
        (
            ".",
            rf"(?<![\w.@>}}])((?:<[\w \-]{{0,30}}>|\{{\w{{0,30}}\}}|[\w\-]{{2,60}})"
            rf"(?:\.[\w\-]{{1,60}}){{0,4}}\.{_CLOUDS})(?![\w.])",
        ),
        ("partner '", r"\bpartner '([\w.\-]{2,80}(?::\w{2,8})?)'"),
        ("such host is known", r"\bsuch host is known\.? \(([\w.\-]{3,150})(?::\d{2,5})?\)"),
        ("DNS identity ", r"\bDNS identity [^'\n]{0,60}'([\w.\-]{3,150})'"),
        ("IP", r"\bIP(?: address)? ['\"]?(\d{1,3}(?:\.\d{1,3}){3})"),
        ("resolve host", r"\bresolve host(?:name)?:? ['\"]?([\w.\-]{3,150})"),
        (" Name or service not known", r"(?<!\S)([\w.\-<>{}]{3,150}):? Name or service not known"),
    ),
    "cluster": (
        ("luster ", r"\b[Cc]luster [\"'(]?(\d{4}-\d{4,6}-\w{3,14})"),
        ("-", r"\b(\d{4}-\d{6}-[a-z0-9]{4,14}(?:-[\w\-]{1,40})?)\b"),
        ("arehouse ", r"\b[Ww]arehouse ['\"]?([0-9a-f]{16})\b"),
        ("on pool ", r"\bon pool (\w[\w\-]{1,60})"),
        ("SpecName=[", r"\bSpecName=\[([^\]\n]{1,80})\]"),
        ("[plugins.", r"\[plugins\.[\w\-]{1,80}\.(\w[\w\-]{0,60})\.\d{1,6} "),
    ),
    "principal": (
        ("ogin failed for user ", r"\b[Ll]ogin failed for user ['\"]([^'\"\n]{1,120})['\"]"),
        ("ccess denied for user '", r"\b[Aa]ccess denied for user '([^'\n]{1,80})'"),
        ("failed for ", r"\bfailed for (?:database )?user ([\w.\\@\-]{2,80})"),
        ("pplication with identifier ", r"\b[Aa]pplication with identifier ['\"]([^'\"\n]{1,120})['\"]"),
        (
            "",
            r"\b(?:[Uu]ser|[Pp]rincipal|[Cc]lient|[Ii]dentity|[Ll]ogin|[Aa]ccount|[Rr]ole)(?: name)?:? "
            r"['\"`]([^'\"`\n]{2,120})['\"`]",
        ),
        ("app ", r"\bapp ['\"]([0-9a-f\-]{36})['\"]"),
        (
            "",
            r"\b(?:[Pp]rincipal|[Uu]ser|[Gg]roup) ([\w.\-@]{3,80}) "
            r"(?:does not exist|(?:was )?not found|already exists)",
        ),
        ("principal named ", r"\bprincipal named ([\w:/.\-]{2,150})"),
        (
            "ser ",
            r"\b[Uu]ser (?:account )?(?:with username )?([\w.\-+]{1,80}@[\w.\-]{3,80}) (?:does|already|not|is not|has)",
        ),
    ),
    "storage": (
        (
            "torage account",
            r"\b[Ss]torage account(?: name)?:? ['\"]?((?=[a-z]{0,23}\d|\w{3,24}['\"])[a-z0-9]{3,24})\b",
        ),
        ("", r"\b(?:external location|[Vv]olume|[Bb]ucket|[Ff]ilesystem) ['\"`]([^'\"`\n]{2,200})['\"`]"),
    ),
    "resource": (
        ("/subscriptions/", r"(/subscriptions/[^\s'\"<>]{8,290})"),
        ("esource ", r"\b[Rr]esource (?:id )?['\"]([^'\"\n]{2,200})['\"](?! \")"),
        ("esource ", r"\b[Rr]esource [\w.]{3,60}(?:/[\w.]{1,60}){1,4} ['\"]([^'\"\n]{2,200})['\"]"),
        ("use namespace ", r"\buse namespace ['\"]([\w.]{3,80})['\"]"),
        ("ervice ", r"\b[Ss]ervice ['\"][^'\"\n]{1,80}['\"] \((\w{3,80})\)"),
        ("with ", rf"\bwith ({_TERRAFORM})"),
        (": ", rf"(?<![\w.\"'/]){_TERRAFORM_KNOWN}(?=: )"),
        ("anifest for ", r"\b[Mm]anifest for ([\w.\-]{2,100}/[^\s'\",]{2,150})"),
        (
            "ing ",
            r"\b(?:pulling|pushing) (?:(?:container |docker )?image )?['\"]?([\w.\-]{2,100}/[^\s'\",]{2,150})",
        ),
    ),
    "quota": (
        ("Family ", r"\b(\w{3,40}Family (?:Cores|vCPUs))"),
        ("Total Regional ", r"\b(Total Regional (?:Cores|vCPUs))"),
        ("SSISDB", r"\b(SSISDB)\b"),
    ),
    "size": (
        ("Standard_", r"\b(Standard_[A-Z]\w{1,30})\b"),
        (".", r"\b([a-z]{1,2}\d{1,2}[a-z]{0,4}\.(?:\d{0,2}x?large|medium|small|metal))\b"),
    ),
    "setting": (
        ("spark.", r"(?<![\w.])(spark\.[\w.]{3,100}\w)"),
        ("fs.azure.", r"(?<![\w.])(fs\.azure\.[\w.\-]{3,140}\w)"),
        (
            "",
            r"\b(?:[Pp]arameter|[Vv]ariable|[Ss]etting|[Oo]ption|[Vv]alue for)(?: name)?:? "
            r"['\"`@]{1,2}([^'\"`\n]{1,120})['\"`]",
        ),
        ("issing required field", r"\b[Mm]issing required field:? ['\"]?(\w{2,80})"),
        ("alidation failed for ", r"\b[Vv]alidation failed for (\w{1,60}_\w{1,60})"),
        (
            "onfiguration ",
            r"\b[Cc]onfiguration ([\w\-]{2,60}(?:\.[\w\-]{1,60}){1,6}) (?:is|was|cannot|does)\b",
        ),
        ("parameter", r"\bparameters? named ['\"](@?\w{1,80})['\"]"),
        ("", r"\b((?:AzureWebJobs|AzureFunctions|WEBSITE_|FUNCTIONS_|APPINSIGHTS_|PYTHON_)\w{3,80})\b"),
    ),
    "node": (
        ("xecutor ", r"\b([Ee]xecutor \d{1,6})\b"),
        (
            "river",
            r"(?<!bit )(?<!\w\w\wC )\b([Dd]river)(?: node)? (?:is|was|has|not|un|died|stopped|crashed|out)\b"
            r"(?! (?:not )?(?:installed|registered|found|supported|available|loaded))",
        ),
    ),
    "runtime": (
        ("ntegration ", r"[Ii]ntegration [Rr]untime(?: \([^)\n]{1,40}\))? ['\"]([^'\"\n]{1,120})['\"]"),
        ("AutoResolveIntegrationRuntime", r"\b(AutoResolveIntegrationRuntime)\b"),
        ("node ", r"node ['\"]([^'\"\n]{1,120})['\"]"),
    ),
    "reference": (
        ("reference ", r"reference ['\"]([^'\"\n]{1,120})['\"]"),
        ("databricks_", r"\bwith (databricks_\w{2,60}\.[\w\-]{1,80})\b"),
        ('set "', r"\bset \"(\w{3,60})\" as"),
    ),
    "function": (
        ("Functions.", r"\b(Functions\.[A-Z]\w{1,100})"),
        ("unction", r"\b[Ff]unctions?:? ['\"]?(<?[A-Z](?!untime|pp\b|he\b|xecution)[\w.\-]{1,100}>?)"),
        ("by function", r"by function:? ['\"]?(<?[\w.\-]{2,100}>?)"),
        (" function", r"[Tt]he ['\"]([\w\-]{2,100})['\"] function\b"),
        ("ndexing method ", r"\b[Ii]ndexing method ['\"]([\w.]{2,120})['\"]"),
    ),
    "database": (
        ("master database", r"\b(master) database\b"),
        ("specified database ", r"\bspecified database ['\"]([^'\"\n]{1,120})['\"]"),
        ("pen database ", r"\b[Oo]pen database ['\"]([^'\"\n]{1,120})['\"]"),
        ("", r"\b(SSISDB|tempdb)\b"),
    ),
    "blob": (),
    "queue": (
        ("Query ", r"\bQuery (\w[\w.\-]{2,100}) \[id ?="),
        ("TopicPartition: ", r"\bTopicPartition: ([\w.\-]{2,120})"),
        ("", r"\b(?:address|EntityPath)[:=]/?([\w/.\-]{2,120})"),
        ("artition", r"\b[Pp]artitions? ([\w.\-]{2,80}-\d{1,5})\b"),
        ("partitions: {", r"\bpartitions: \{([\w.\-]{2,80}-\d{1,5})="),
    ),
    "secret": (
        ("secret with (name/id) ", r"\bsecret with \(name/id\) ([\w\-]{2,120})"),
        ("scope", r"\bscope:? (?!User|Scope)([\w.\-]{1,100})"),
        ("Scope ", r"\bScope ([\w\-]{2,80}) (?:already|does|not)"),
    ),
    "constraint": (("constraint ", r"\bconstraint (?:name )?['\"\[]?(\w{2,120}_\w{1,120})"),),
    "job": (
        ("", r"\b(?:[Jj]ob|[Pp]ipeline) ['\"]([^'\"\n]{1,120})['\"]"),
        ("ob ", r"\b[Jj]ob (\d{2,20})\b"),
        ("un ", r"\b[Rr]un [`'\"]?(\d{4,20})[`'\"]? (?:failed|has|was|timed|did)\b"),
        ("un ", r"\b[Rr]un ['\"]([^'\"\n]{1,120})['\"]"),
    ),
    # A step of a data flow or of a pipeline, or a model of a project of transformations.
    "step": (
        (
            "at ",
            r"\bat (?:Sink|Source|Join|Derive|Lookup|Aggregate|Filter|[A-Z][a-z]{3,12}) ['\"]([^'\"\n]{1,80})['\"]",
        ),
        (" action ", r"\b(?:in|template) action ['\"]([^'\"\n]{1,120})['\"]"),
        ("ctivity", r"\b[Aa]ctivity(?: name)?:? ['\"]([^'\"\n]{1,120})['\"]"),
        ("Inner activity name: ", r"\bInner activity name: ([^,\n]{1,120})"),
        ("peration on target ", r"\b[Oo]peration on target (.{1,120}?) {1,2}failed"),
        ("ipeline", r"\b[Pp]ipeline:? ['\"]([^'\"\n]{1,120})['\"]"),
        (" in model ", r"\b(?:Error|error) in model (\w{2,120})"),
        ("target", r"[\"']target[\"']: ?[\"']([^\"'\n]{1,120})[\"']"),
        (" in ", r"\b(?:Error|error) in (?:test|snapshot|seed|macro|operation) (\w{2,120})"),
    ),
    "pipeline": ((" Pipeline ", r"\b[Ss]ource:? Pipeline ([\w\-]{1,120})"),),
    "code": (
        ("' object ", r"'(\w{1,80})' object (?:has no|is not|does not)"),
        (" attribute '", r"\b(?:has no|no) attribute '(\w{1,80})'"),
        ("' is not defined", r"\bname '(\w{1,80})' is not defined"),
        ("() ", r"\b(\w{2,80})\(\) (?:got|takes|missing)"),
        ("KeyError: ", r"\bKeyError: ['\"]([^'\"\n]{1,120})['\"]"),
        ("ndefined function", r"\b[Uu]ndefined function:? ['\"`]?([\w.]{2,100})"),
        (
            "",
            r"\b(?:[Ii]nvalid|[Uu]nknown|[Uu]nresolved) (?:identifier|routine|function) ['\"`]?([\w.]{2,100})",
        ),
        ("resolve function ", r"\bresolve function [`'\"]([\w.]{1,100})[`'\"]"),
    ),
    "shape": (),
    # Whatever the text says is missing or wrong, where no noun tells its kind.
    "thing": (
        ("", rf"['\"`]([\w@$#%*.<{{/\\][^'\"`\n]{{1,200}})['\"`] (?:{_MISSING})"),
        (
            "",
            rf"(?:{_NOT_FOUND})(?: [a-z]{{1,14}}){{0,3}}:? "
            r"['\"`\[]([\w@$#%*.<{/\\][^'\"`\]\n]{1,200})['\"`\]]",
        ),
        ("", rf"(?<![\w.])([\w\-]{{1,60}}[._/][\w\-./]{{1,120}}) (?:{_MISSING})"),
    ),
}
FORMS: Final = {
    kind: tuple((literal, re.compile(form)) for literal, form in forms) for kind, forms in _KINDS.items()
}

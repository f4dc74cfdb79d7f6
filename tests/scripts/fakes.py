"""Stand-ins for ``az``, ``databricks`` and ``curl``, and a bench to run the scripts on.

Each stand-in is an executable first on PATH that appends what it was told (arguments, and the text of every
file named by an ``@``) to a log. The ``az`` one keeps resources in a file, so a second run meets what the
first one made.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
KEY = "s3cret/key+with&odd=characters"
ENCODED_KEY = "s3cret%2Fkey%2Bwith%26odd%3Dcharacters"

RECORDER = """
import json, os, sys
def record(extra=None):
    files = {}
    for argument in sys.argv[1:]:
        if argument.startswith("@") and os.path.exists(argument[1:]):
            files[argument] = open(argument[1:], encoding="utf-8").read()
    modes = {name: oct(os.stat(name[1:]).st_mode & 0o777) for name in files}
    call = {"argv": sys.argv[1:], "files": list(files.values()), "modes": list(modes.values())}
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(json.dumps(call) + "\\n")
    return files
"""

AZ = """
def azure_answers(body):
    # What Azure adds or rewrites: the case of resource ids, a provisioning state, null members.
    text = json.dumps(body).replace('"/subscriptions/', '"/SUBSCRIPTIONS/')
    found = json.loads(text)
    found["etag"] = None
    found["properties"]["provisioningState"] = "Succeeded"
    found["properties"].pop("skipQueryValidation", None)
    return found

files = record()
argv = sys.argv[1:]
state = json.load(open(STATE, encoding="utf-8"))
def value(name):
    return argv[argv.index(name) + 1] if name in argv else ""
if argv[:2] == ["account", "show"]:
    print("11111111-2222-3333-4444-555555555555")
elif argv[:3] == ["monitor", "action-group", "test-notifications"]:
    if state["test"] == "fail":
        sys.stderr.write("calls to " + list(files.values())[0] + " are blocked for 14 minutes")
        sys.exit(1)
    print(json.dumps({"state": "Complete", "actionDetails": [{"status": "Succeeded"}]}))
elif argv[0] == "rest":
    method, path = value("--method"), value("--url").split("?")[0].lower()
    if state["refuse"] and state["refuse"] in path and method == "put":
        receivers = json.loads(files[value("--body")])["properties"].get("webhookReceivers", [])
        quoted = " ".join(receiver["serviceUri"] for receiver in receivers)
        sys.stderr.write(quoted + " Forbidden({\\"error\\":{\\"code\\":\\"AuthorizationFailed\\"}})")
        sys.exit(1)
    resources = state["resources"]
    if method == "get" and path.endswith("/diagnosticsettings"):
        print(json.dumps({"value": [r for p, r in resources.items() if p.startswith(path + "/")]}))
    elif method == "get" and path in resources:
        print(json.dumps(resources[path]))
    elif method == "get":
        sys.stderr.write("Not Found({\\"error\\":{\\"code\\":\\"ResourceNotFound\\"}})")
        sys.exit(3)
    elif method == "put":
        body = json.loads(files[value("--body")])
        resources[path] = {"id": path, "name": path.rsplit("/", 1)[1], **azure_answers(body)}
    elif method == "delete":
        del resources[path]
    json.dump(state, open(STATE, "w", encoding="utf-8"))
else:
    sys.exit("unexpected az " + " ".join(argv))
"""

CURL = """
record()
if os.environ.get("FAKE_CURL_EXIT"):
    sys.stderr.write("curl: told to fail")
    sys.exit(int(os.environ["FAKE_CURL_EXIT"]))
os.execv(REAL_CURL, ["curl", *sys.argv[1:]])
"""

DATABRICKS = """
import urllib.request
files = record()
verb, path = sys.argv[2], sys.argv[3]
body = next(iter(files.values()), None)
request = urllib.request.Request(os.environ["FAKE_WORKSPACE"] + path, method=verb.upper(),
    data=body.encode() if body else None, headers={"Authorization": "Bearer dapi-good"})
try:
    print(urllib.request.urlopen(request).read().decode())
except urllib.error.HTTPError as error:
    sys.exit("Error: " + error.read().decode())
"""


@dataclass
class Call:
    """One call of a stand-in: its arguments, and the files they named."""

    argv: list[str]
    files: list[str]
    modes: list[str]

    @property
    def method(self) -> str:
        return self.argv[self.argv.index("--method") + 1] if "--method" in self.argv else ""

    @property
    def url(self) -> str:
        return self.argv[self.argv.index("--url") + 1] if "--url" in self.argv else ""

    @property
    def body(self) -> Any:
        return json.loads(self.files[0])


@dataclass
class Bench:
    """A folder with stand-ins on PATH, and the scripts to run against them."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def install(self, name: str, program: str) -> None:
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        path = folder / name
        names = f"LOG = {str(self.log(name))!r}\nSTATE = {str(self.folder / 'az.json')!r}\n"
        names += f"REAL_CURL = {shutil.which('curl')!r}\n"
        path.write_text(f"#!{sys.executable}\n{names}{RECORDER}{program}", encoding="utf-8")
        path.chmod(0o755)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def calls(self, name: str) -> list[Call]:
        log = self.log(name)
        return [Call(**json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []

    def forget(self) -> None:
        for log in self.folder.glob("*.log"):
            log.unlink()

    def run(self, script: str, *flags: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        environment = {**self.surroundings(), "TMPDIR": str(scratch), **self.environment}
        return subprocess.run(
            [str(SCRIPTS / script), *flags],
            env=environment,
            input=stdin,
            text=True,
            capture_output=True,
            timeout=120,
            check=False,
        )

    def surroundings(self) -> dict[str, str]:
        """An environment with the stand-ins first on PATH and no variable of the developer's."""
        return {
            "PATH": f"{self.folder / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(self.folder),
        }

    def leftovers(self) -> list[Path]:
        return list((self.folder / "scratch").iterdir())

    # --- the pretended subscription

    def azure(self, resources: dict[str, Any], *, test: str = "ok", refuse: str = "") -> None:
        known = {path.lower(): body for path, body in resources.items()}
        state = {"resources": known, "test": test, "refuse": refuse}
        (self.folder / "az.json").write_text(json.dumps(state), encoding="utf-8")
        self.install("az", AZ)

    def resources(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "az.json").read_text())["resources"]
        return found

    def put_resource(self, path: str, body: Any) -> None:
        file = self.folder / "az.json"
        state = json.loads(file.read_text())
        state["resources"][path.lower()] = body
        file.write_text(json.dumps(state), encoding="utf-8")


def said(result: subprocess.CompletedProcess[str]) -> str:
    return result.stdout + result.stderr


def readable_only_by_owner(calls: list[Call]) -> bool:
    return all(mode == oct(0o600) for call in calls for mode in call.modes)

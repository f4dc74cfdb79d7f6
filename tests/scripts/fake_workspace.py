"""A small Databricks workspace over real HTTP: what the scripts call, and every request that arrived."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Workspace:
    """A Databricks workspace in memory: destinations, jobs, and every request that arrived."""

    def __init__(self, jobs: list[dict[str, Any]]) -> None:
        self.jobs = {job["job_id"]: job for job in jobs}
        self.destinations: list[dict[str, Any]] = []
        self.secrets: list[Any] = []
        self.requests: list[tuple[str, str, Any]] = []
        self.started: list[int] = []
        self.files: list[str] = []
        self.status: dict[str, int] = {}
        self.text = ""
        self.url = ""

    def writes(self) -> list[tuple[str, str, Any]]:
        return [request for request in self.requests if request[0] != "GET"]

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.requests.append((method, parts.path, body))
        if parts.path in self.status:
            return self.status[parts.path], {"error_code": "SOMETHING", "message": "the server's own words"}
        name = parts.path.removeprefix("/api/").split("/", 1)[1].replace("/", "_").replace("-", "_")
        if name.startswith("notification_destinations"):
            return self.destination(method, parts.path, body)
        handler = getattr(self, f"on_{name}")
        return 200, handler(body or query)

    def destination(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if method == "GET":
            return 200, {"results": self.destinations}
        if method == "POST":
            entry = {"id": "dest-1", "display_name": body["display_name"], "destination_type": "WEBHOOK"}
            self.destinations.append(entry)
            self.secrets.append(body["config"])
            return 200, entry
        if method == "PATCH":
            self.secrets.append(body["config"])
            return 200, {"id": path.rsplit("/", 1)[1]}
        self.destinations = [d for d in self.destinations if not path.endswith(f"/{d['id']}")]
        return 200, {}

    def on_jobs_list(self, query: dict[str, str]) -> Any:
        """Pages of two, so that a reader of the first page only is caught."""
        ids = sorted(self.jobs)
        start = int(query.get("page_token", "0"))
        page = {"jobs": [self.jobs[i] for i in ids[start : start + 2]], "has_more": start + 2 < len(ids)}
        return {**page, "next_page_token": str(start + 2)} if page["has_more"] else page

    def on_jobs_get(self, query: dict[str, str]) -> Any:
        return self.jobs[int(query["job_id"])]

    def on_jobs_update(self, body: Any) -> Any:
        self.jobs[body["job_id"]]["settings"].update(body["new_settings"])
        return {}

    def on_jobs_create(self, body: Any) -> Any:
        self.jobs[900] = {"job_id": 900, "settings": body}
        return {"job_id": 900}

    def on_jobs_delete(self, body: Any) -> Any:
        del self.jobs[body["job_id"]]
        return {}

    def on_jobs_run_now(self, body: Any) -> Any:
        self.started.append(body["job_id"])
        return {"run_id": 1}

    def on_workspace_mkdirs(self, body: Any) -> Any:
        return {}

    def on_workspace_import(self, body: Any) -> Any:
        self.files.append(body["path"])
        return {}

    def on_workspace_delete(self, body: Any) -> Any:
        self.files = [path for path in self.files if path != body["path"]]
        return {}

    def on_preview_scim_v2_Me(self, query: dict[str, str]) -> Any:  # noqa: N802 - the name is part of the path
        return {"userName": "desk@example.com"}

    def on_jobs_runs_list(self, query: dict[str, str]) -> Any:
        return {"runs": [{"run_id": 1}]}

    def on_clusters_list(self, query: dict[str, str]) -> Any:
        return {}


@contextmanager
def served(workspace: Workspace) -> Iterator[Workspace]:
    """The workspace on a loopback port for the length of a test."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            if self.headers.get("Authorization") != "Bearer dapi-good":
                status, answer = 401, {"error_code": "UNAUTHENTICATED", "message": "Credential was not sent"}
            else:
                status, answer = workspace.answer(self.command, self.path, body)
            data = workspace.text.encode() or json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - names that http.server calls

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    workspace.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield workspace
    finally:
        server.shutdown()
        server.server_close()

"""The few operations of Blob Storage that the archive uses, on the recording vendor server."""

from __future__ import annotations

from tests.support.faults import Faults
from tests.support.vendor_server import Answer, Received, VendorServer

ACCOUNT = "deskstore"
_STAMPS = {"ETag": '"0x1"', "Last-Modified": "Sat, 29 Nov 2025 14:30:22 GMT", "x-ms-request-id": "r-1"}


class FakeBlobs:
    """Containers and blobs in memory; kept to Azurite's behaviour by the shared contract suite."""

    def __init__(self, vendor: VendorServer) -> None:
        self.vendor = vendor
        self.blobs: dict[str, bytes] = {}
        self.containers: set[str] = set()

    @property
    def connection_string(self) -> str:
        endpoint = f"{self.vendor.url}/{ACCOUNT}"
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey=a2V5;BlobEndpoint={endpoint};"

    def serve(self, container: str, *names: str) -> None:
        path = f"/{ACCOUNT}/{container}"
        self.vendor.on("PUT", path, self._create)
        self.vendor.on("GET", path, self._get_container)
        for name in names:
            self.vendor.on("PUT", f"{path}/{name}", self._put)
            self.vendor.on("GET", f"{path}/{name}", self._get)

    def serve_all(self, container: str, faults: Faults) -> None:
        """Any blob of a container, with what may go wrong at a put."""
        path = f"/{ACCOUNT}/{container}"
        self.serve(container)

        def answer(request: Received) -> Answer:
            if request.method == "PUT":
                return faults.play("blob put", lambda: self._put(request))
            return self._get(request)

        self.vendor.under(f"{path}/", answer)

    def _create(self, request: Received) -> Answer:
        if request.path in self.containers:
            return error(409, "ContainerAlreadyExists")
        self.containers.add(request.path)
        return Answer(201, headers=_STAMPS)

    def _get_container(self, request: Received) -> Answer:
        if request.query.get("comp") == "list":
            return self._list(request)
        return Answer(headers=_STAMPS) if request.path in self.containers else error(404, "ContainerNotFound")

    def _list(self, request: Received) -> Answer:
        """In pages of two, so that the following of markers is really done."""
        if request.path not in self.containers:
            return error(404, "ContainerNotFound")
        within = [path.removeprefix(f"{request.path}/") for path in sorted(self.blobs)]
        wanted = [name for name in within if name.startswith(request.query.get("prefix", ""))]
        start = int(request.query.get("marker") or 0)
        shown = "".join(f"<Blob><Name>{name}</Name></Blob>" for name in wanted[start : start + 2])
        marker = str(start + 2) if start + 2 < len(wanted) else ""
        body = (
            '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="" ContainerName="c">'
            f"<Blobs>{shown}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"
        )
        return Answer(200, body.encode(), {**_STAMPS, "Content-Type": "application/xml"})

    def _put(self, request: Received) -> Answer:
        if not any(request.path.startswith(f"{container}/") for container in self.containers):
            return error(404, "ContainerNotFound")
        if request.path in self.blobs and request.headers.get("if-none-match") == "*":
            return error(409, "BlobAlreadyExists")
        self.blobs[request.path] = request.body
        return Answer(201, headers=_STAMPS)

    def _get(self, request: Received) -> Answer:
        data = self.blobs.get(request.path)
        if data is None:
            return error(404, "BlobNotFound")
        if "x-ms-range" not in request.headers:
            return Answer(200, data, {**_STAMPS, "x-ms-blob-type": "BlockBlob"})
        first, _, last = request.headers["x-ms-range"].removeprefix("bytes=").partition("-")
        part = data[int(first) : int(last) + 1]
        if not part:
            return error(416, "InvalidRange")
        place = {"Content-Range": f"bytes {first}-{int(first) + len(part) - 1}/{len(data)}"}
        return Answer(206, part, {**_STAMPS, **place, "x-ms-blob-type": "BlockBlob"})


def error(status: int, code: str, **headers: str) -> Answer:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>no</Message></Error>'
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(
        status, body.encode(), {"Content-Type": "application/xml", "x-ms-error-code": code, **named}
    )

"""The real server, killed with SIGKILL after a run was started and before its answer came."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.estate import FACTORY, Estate
from tests.support.live_server import TAKEOVER_SECONDS, LiveServer
from tests.support.vendor_server import serving

pytestmark = pytest.mark.server

RUN = "6d6a1f0e-93a1-4a53-9f0e-5d2c3a0b7c11"


@pytest.mark.lease
def test_killed_between_a_run_and_its_record_starts_no_second_and_forgets_none(tmp_path: Path) -> None:
    with serving() as vendor:
        estate = Estate(vendor)
        estate.pipeline_fails("HttpConnectionFailed", run_id=RUN)
        estate.faults.plan("createRun", "hold after")
        server = LiveServer(
            tmp_path,
            environment={
                "AZURE_MANAGEMENT_ENDPOINT": vendor.url, "AZURE_MANAGEMENT_TOKEN": "arm-token",
                "NO_PROXY": "127.0.0.1,localhost", "RCA_PROVIDERS": "rules", "RECONCILE_MINUTES": "0",
                "AUTO_REMEDIATION_ENABLED": "true", "REMEDIATION_MODE": "automatic",
                "REMEDIATION_FACTORIES": FACTORY,
            },
        ).start()  # fmt: skip
        try:
            alert = {"PipelineName": "load", "PipelineRunId": RUN, "ErrorCode": "HttpConnectionFailed",
                     "ErrorMessage": "HttpConnectionFailed", "resourceId": FACTORY}  # fmt: skip
            _, told = server.call("/azure-monitor", alert, key=server.api_key)
            assert estate.faults.reached.wait(30), server.log.read_text()[-3000:]
            server.kill()
            (new_run,) = set(estate.pipeline_runs) - {RUN}
            estate.end_pipeline_run(new_run)
            server.start()
            token, deadline = server.token(), time.monotonic() + TAKEOVER_SECONDS + 120
            while True:
                _, answer = server.call(f"/api/tickets/{told['ticket_id']}", token=token)
                if answer["ticket"]["status"] == "acknowledged" or time.monotonic() > deadline:
                    break
                time.sleep(0.2)
        finally:
            server.kill()
    (attempt,) = answer["ticket"]["remediation"]
    assert (attempt["state"], attempt["new_run_id"]) == ("succeeded", new_run)
    assert answer["ticket"]["ack_user"] == "auto-remediation"
    assert estate.writes() == ["createRun"]

"""What test_databricks_connection.sh says about each way in which a workspace cannot be reached."""

import pytest

from tests.scripts.fake_workspace import Workspace
from tests.scripts.fakes import Bench, said

SCRIPT = "test_databricks_connection.sh"


@pytest.fixture
def desk(bench: Bench, workspace: Workspace) -> Bench:
    bench.environment |= {"DATABRICKS_HOST": workspace.url, "DATABRICKS_TOKEN": "dapi-good"}
    return bench


def test_healthy_workspace_passes_every_check(desk: Bench) -> None:
    result = desk.run(SCRIPT)

    assert result.returncode == 0, said(result)
    assert "host and token: desk@example.com" in result.stdout
    assert "job runs (runs/list): 1 on the first page" in result.stdout
    assert "clusters (clusters/list): 0 on the first page" in result.stdout


def test_wrong_token_is_called_wrong_and_nothing_more_is_tried(desk: Bench, workspace: Workspace) -> None:
    desk.environment["DATABRICKS_TOKEN"] = "dapi-wrong"

    result = desk.run(SCRIPT)

    assert result.returncode == 1
    assert "401: the token is wrong, expired or of another workspace" in result.stdout
    assert "dapi-wrong" not in said(result)
    assert workspace.requests == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "403: the token is known but may not do this"),
        (404, "404: this address is not a Databricks workspace"),
        (302, "302: the host redirects"),
        (429, "429: too many requests"),
        (503, "503: Databricks has a problem of its own"),
    ],
)
def test_status_is_explained_and_the_other_checks_go_on(
    desk: Bench, workspace: Workspace, status: int, words: str
) -> None:
    workspace.status["/api/2.2/jobs/runs/list"] = status

    result = desk.run(SCRIPT)

    assert result.returncode == 1
    assert words in result.stdout
    assert "the server's own words" in result.stdout
    assert "ok         clusters" in result.stdout


@pytest.mark.parametrize(
    ("code", "words"),
    [(6, "DNS:"), (7, "Connection refused"), (28, "No answer in time"), (60, "TLS:"), (35, "TLS:")],
)
def test_curl_exit_code_is_explained(desk: Bench, code: int, words: str) -> None:
    desk.environment["FAKE_CURL_EXIT"] = str(code)

    result = desk.run(SCRIPT)

    assert result.returncode == 1
    assert words in result.stdout
    assert len(desk.calls("curl")) == 1


def test_page_instead_of_json_is_a_failure(desk: Bench, workspace: Workspace) -> None:
    workspace.text = "<html>Sign in</html>"

    result = desk.run(SCRIPT)

    assert result.returncode == 1
    assert "Is this a workspace, and no sign-in page before it?" in said(result)


def test_token_is_never_an_argument(desk: Bench) -> None:
    desk.run(SCRIPT)

    assert "dapi-good" not in " ".join(part for call in desk.calls("curl") for part in call.argv)
    assert desk.leftovers() == []


def test_token_with_a_quote_is_refused_before_it_is_written_into_a_config_file(
    desk: Bench, workspace: Workspace
) -> None:
    desk.environment["DATABRICKS_TOKEN"] = 'x"\nurl="http://elsewhere'

    result = desk.run(SCRIPT)

    assert result.returncode == 1
    assert workspace.requests == []
    assert desk.calls("curl") == []


def test_profile_uses_the_cli(desk: Bench, workspace: Workspace) -> None:
    desk.environment["FAKE_WORKSPACE"] = workspace.url

    result = desk.run(SCRIPT, "--profile", "prod")

    assert result.returncode == 0, said(result)
    assert desk.calls("curl") == []
    assert len(desk.calls("databricks")) == 3


def test_unknown_flag_is_named(desk: Bench) -> None:
    result = desk.run(SCRIPT, "--token", "x")

    assert result.returncode == 2
    assert "unknown flag --token" in result.stderr

"""The files of deploy/: nginx in front of a real endpoint, the unit of systemd, the command lines they hold."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import serving
from serving import HTTP

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = Path(__file__).parent.parent / "deploy"
NGINX = shutil.which("nginx")


@contextmanager
def proxied(folder: Path, upstream: str) -> Iterator[str]:
    """Run nginx with our site on a free port before an endpoint; give the address of the site."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for ours, here in (
        ("127.0.0.1:8000", upstream.removeprefix("http://")),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
    ):
        assert ours in site
        site = site.replace(ours, here)
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{name}_temp_path {folder}/{name};" for name in names)
    whole = f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{ access_log off;\n"
    (folder / "nginx.conf").write_text(f"{whole}{temporary}\n{site}}}\n", encoding="utf-8")
    server = subprocess.Popen([str(NGINX), "-c", folder / "nginx.conf", "-e", folder / "error.log"])
    try:
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert server.poll() is None, (folder / "error.log").read_text(encoding="utf-8")
                assert time.monotonic() < end, "nginx did not start"
                time.sleep(0.02)
        yield f"http://127.0.0.1:{port}/graph"
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if NGINX is None:
        pytest.skip("nginx is not installed; the site of deploy/ is tested where it is")
    folder = tmp_path_factory.mktemp("deploy")
    serving.publish(folder / "store", add=serving.ARTICLE, quads=30_000)
    chosen = serving.settings(folder / "store", token="secret", limits={"upload": 4 << 20})
    with serving.running(chosen, root_path="/graph") as upstream, proxied(folder, upstream) as address:
        yield address


def test_queries_are_answered_behind_nginx(site: str) -> None:
    answer = HTTP.post(f"{site}/sparql", data={"query": "ASK { ?s a ?c }"}, headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.text.split()[-1]) == (200, "true")


def test_a_long_answer_streams_whole_through_nginx(site: str) -> None:
    query = "SELECT * { GRAPH ?g { ?s ?p ?o } }"
    with HTTP.stream("GET", f"{site}/sparql", params={"query": query}, headers={"Accept": "text/csv"}, timeout=60) as a:
        assert sum(chunk.count(b"\n") for chunk in a.iter_bytes()) > 30_000


def test_a_large_upload_passes_and_one_too_large_is_told_so(site: str) -> None:
    headers = {"Authorization": "Bearer secret", "Content-Type": "application/n-triples"}
    line = b"<http://a.example/%d> <http://a.example/p> <http://a.example/o> .\n"
    for lines, statuses in ((20_000, (201, 204)), (100_000, (413,))):
        body = b"".join(line % number for number in range(lines))
        answer = HTTP.put(
            f"{site}/graphs", params={"graph": "http://a.example/g"}, content=body, headers=headers, timeout=60
        )
        assert answer.status_code in statuses, answer.text


def test_the_sentence_of_a_refused_query_passes_nginx(site: str) -> None:
    answer = HTTP.get(f"{site}/sparql", params={"query": "SELECT"})
    assert answer.status_code == 400
    assert "nginx" not in answer.text
    assert HTTP.get(f"{site}/nowhere").status_code == 404


def test_the_page_and_its_files_are_found_under_the_path(site: str) -> None:
    for path in ("/", "/actor/norway", "/ns", "/graph/registry"):
        page = HTTP.get(f"{site}{path}", headers={"Accept": "text/html"})
        assert page.status_code == 200
        for link in re.findall(r'(?:src|href)="((?!https?:)[^"#]+)', page.text):
            assert HTTP.get(page.url.join(link)).status_code == 200, (path, link)


def test_the_path_without_its_slash_leads_to_the_page(site: str) -> None:
    assert HTTP.get(site).headers["location"].endswith("/graph/")


def test_the_unit_is_one_that_systemd_takes() -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd is not installed; the unit of deploy/ is verified where it is")
    done = subprocess.run([tool, "verify", DEPLOY / "pactgraph.service"], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if "not executable" not in line and "man:" not in line]
    assert not [line for line in complaints if "pactgraph.service" in line], done.stderr


def test_the_image_is_built_from_all_that_is_installed_and_nothing_else() -> None:
    root = DEPLOY.parent
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    licences = [name for name in project["project"]["license-files"] if "/" not in name]
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert lines[1] == "*"
    assert sent == {*wheel, *licences, project["project"]["readme"], "pyproject.toml"}
    assert all((root / name).exists() for name in sent)


def test_the_options_in_the_files_are_those_of_the_command() -> None:
    from typer.testing import CliRunner

    from pactgraph import app

    known = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["serve", "--help"]).output
    unit = (DEPLOY / "pactgraph.service").read_text(encoding="utf-8")
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").partition("ENTRYPOINT")[2]
    options = set(re.findall(r"--[a-z-]+", re.search(r"ExecStart=.*", unit)[0] + image))  # type: ignore[index] (it is there)
    assert options >= {"--store", "--root-path", "--log", "--host"}
    assert all(option in known for option in options)

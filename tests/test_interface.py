"""The interface is as its OpenAPI document says, whatever a client sends."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path

from serving import ARTICLE, publish, running, settings

from ontology.authority import open_authority

# a schema cannot say which strings are SPARQL or Turtle, so not all that fits the schema can be accepted; and the
# document cannot name the method QUERY, which OpenAPI knows from 3.2 on, though Allow has to
NOT_OURS = "positive_data_acceptance,unsupported_method,allow_header_conformance"


def test_every_answer_is_one_that_the_document_tells(tmp_path: Path) -> None:
    publish(tmp_path / "store", add=ARTICLE)
    with (
        as_file(files("seeds").joinpath("authority", "core.sqlite")) as path,
        open_authority(path) as authority,
        running(settings(tmp_path / "store", token="right", authority=authority, limits={"seconds": 20.0})) as url,
    ):
        command = [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json", "--seed", "1"),
            *("--max-examples", "15", "--exclude-checks", NOT_OURS, "--header", "Authorization: Bearer right"),
            *("--suppress-health-check", "all", "--no-color", "--request-timeout", "60"),
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-12000:] + done.stderr

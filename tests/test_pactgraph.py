"""The command line as a user meets it: its commands, its exit codes, and its sentences for bad input."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import NARROW, run
from conftest import PACTGRAPH, SEED

from loader.mapping.terms import TYPE, pact
from loader.storage.exports import snapshot
from ontology.layout import Layout, StoreError

COMMANDS = ["demo", "load", "unload", "import", "extract", "query", "export", "validate", "serve"]
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s a pact:Statement }"
SEED_ID = "05908f127f035a79"


def begun(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``pactgraph`` as a shell does, from its very beginning."""
    return subprocess.run([PACTGRAPH, *arguments], capture_output=True, text=True, check=False, env=NARROW)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store that holds the seed article; tests that write take a copy."""
    path = tmp_path_factory.mktemp("pactgraph") / "store"
    done = run("load", SEED, "--store", path, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["added"] == 1
    return path


@pytest.fixture
def own(store: Path, tmp_path: Path) -> Path:
    """Return a copy of the store that the test may change."""
    return Path(shutil.copytree(store, tmp_path / "own"))


def count(store: Path) -> int:
    """Return the number of statements that a store shows."""
    done = run("query", COUNT, "--store", store, "--format", "csv")
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[1])


# ---- what every command does


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_shows_an_example(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout
    assert f"pactgraph {command}" in done.stdout


def test_the_version_is_printed() -> None:
    assert re.fullmatch(r"pactgraph \d+\.\d+\.\d+\n", begun("--version").stdout)


@pytest.mark.parametrize("arguments", [["load"], ["load", "--no-such-option", "x"], ["no-such-command"], ["query"]])
def test_a_command_line_that_means_nothing_ends_with_2(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Usage" in done.stderr


# ---- loading


def test_loading_the_same_article_again_changes_nothing(own: Path) -> None:
    before = Layout(own).current_number()
    done = run("load", SEED, "--store", own, "--json")
    assert (done.returncode, json.loads(done.stdout)["unchanged"]) == (0, 1)
    assert Layout(own).current_number() == before


def test_quiet_says_nothing_where_all_is_well(own: Path) -> None:
    done = run("load", SEED, "--store", own, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_summary_is_told_to_people_on_standard_error(own: Path) -> None:
    done = run("load", SEED, "--store", own)
    assert done.stdout == ""
    assert re.search(r"0 articles loaded \(1 unchanged\): \d+ statements in \d+\.\d s\.\n$", done.stderr)


def test_an_article_on_standard_input_takes_the_date_outlet_and_address_of_the_options(tmp_path: Path) -> None:
    options = ["--date", "2024-03-06", "--outlet", "The Example Times", "--url", "https://example.org/1"]
    done = run(
        "load", "-", "--no-link", "--store", tmp_path / "s", *options, stdin=b"A title\nJapan said it backs AUKUS.\n"
    )
    assert done.returncode == 0, done.stderr
    question = "SELECT ?date ?url ?outlet WHERE { ?a schema:datePublished ?date ; schema:url ?url ; "
    question += "schema:publisher/skos:prefLabel ?outlet }"
    answer = run("query", question, "--store", tmp_path / "s", "--format", "csv").stdout.splitlines()
    assert answer[1:] == ["2024-03-06,https://example.org/1,The Example Times"]


def test_fields_of_json_records_may_have_other_names(tmp_path: Path) -> None:
    file = tmp_path / "news.jsonl"
    file.write_text('{"hl": "A title", "story": {"main": "Japan said it backs AUKUS."}}\n', encoding="utf-8")
    done = run("extract", file, "--out", tmp_path / "out", "--map", "title=hl,text=story.main", "--json")
    assert (done.returncode, json.loads(done.stdout)["written"]) == (0, 1), done.stderr
    (written,) = (tmp_path / "out").iterdir()
    texts = [statement["text"] for statement in json.loads(written.read_text())["statements"]]
    assert any("AUKUS" in text for text in texts)


def test_another_text_of_the_same_address_is_a_revision(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for day, words in (("2024-03-07", "Japan said it now backs AUKUS."), ("2024-03-06", "Japan said it backs AUKUS.")):
        file = tmp_path / f"{day}.txt"
        file.write_text(f"A title\n{words}\n", encoding="utf-8")
        options = ["--url", "https://example.org/1", "--date", day, "--store", store, "--quiet", "--no-link"]
        assert run("load", file, *options).returncode == 0
    question = """SELECT ?new ?old WHERE { ?n prov:wasRevisionOf ?o .
      ?n schema:datePublished ?new . ?o schema:datePublished ?old }"""
    answer = run("query", question, "--store", store, "--format", "csv").stdout.splitlines()
    assert answer[1:] == ["2024-03-07,2024-03-06"]


def test_unloading_an_article_leaves_the_store_as_if_it_had_never_come(own: Path, tmp_path: Path) -> None:
    assert run("unload", SEED_ID, "--store", own).returncode == 0
    assert count(own) == 0
    assert run("export", tmp_path / "after.nq", "--store", own).returncode == 0
    assert f"graph/article/{SEED_ID}" not in (tmp_path / "after.nq").read_text(encoding="utf-8")


def test_unloading_what_is_not_there_is_told_and_ends_with_1(own: Path) -> None:
    done = run("unload", "0123456789abcdef", "--store", own)
    assert done.returncode == 1
    assert "0123456789abcdef" in done.stderr


# ---- the other commands


def test_words_of_every_statement_are_sliced_from_the_article(store: Path) -> None:
    text = SEED.read_text(encoding="utf-8")
    question = "SELECT ?start ?end ?words WHERE { ?x oa:start ?start ; oa:end ?end ; oa:exact ?words }"
    rows = json.loads(run("query", question, "--store", store, "--format", "json").stdout)["results"]["bindings"]
    assert len(rows) > 20
    for row in rows:
        assert text[int(row["start"]["value"]) : int(row["end"]["value"])] == row["words"]["value"]


def test_extract_writes_one_file_for_each_article(tmp_path: Path) -> None:
    done = run("extract", SEED, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out" / f"{SEED.stem}.json").read_text(encoding="utf-8"))
    assert {"statements", "memberships", "times", "boilerplate"} <= record.keys()
    assert {"kind", "confidence", "speakerName"} <= record["statements"][0].keys()


def test_a_table_is_what_a_query_prints_unless_asked_otherwise(store: Path) -> None:
    done = run("query", "SELECT ?a ?t WHERE { ?a a pact:Article ; dcterms:title ?t }", "--store", store)
    assert "Japan expresses interest in AUKUS" in " ".join(done.stdout.split())
    assert done.stdout.rstrip().endswith("1 row")


def test_a_question_of_yes_or_no_gets_one_word(store: Path) -> None:
    assert run("query", "ASK { ?s a pact:Statement }", "--store", store).stdout == "yes\n"


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("SELEC ?s WHERE { ?s ?p ?o }", "syntax error in line 1, column 1"),
        ("SELECT ?s WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "calls no service"),
        ("@no-such-file.rq", "no-such-file.rq cannot be read"),
    ],
)
def test_a_query_that_cannot_be_answered_says_why(store: Path, question: str, sentence: str) -> None:
    done = run("query", question, "--store", store)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_format_that_an_answer_does_not_have_is_told(store: Path) -> None:
    done = run("query", COUNT, "--store", store, "--format", "ttl")
    assert done.returncode == 2
    assert "table, json, xml, csv, tsv" in done.stderr


def test_own_triples_are_imported_beside_the_articles_and_can_be_asked_with_them(own: Path, tmp_path: Path) -> None:
    file = tmp_path / "budget.ttl"
    file.write_text("@prefix a: <https://pactgraph.example/actor/> . a:japan <https://e.example/budget> 7 .")
    done = run("import", file, "--store", own, "--json")
    assert (done.returncode, json.loads(done.stdout)["quads"]) == (0, 1), done.stderr
    question = "SELECT ?b WHERE { ?s pact:speaker ?a . ?a <https://e.example/budget> ?b } LIMIT 1"
    assert run("query", question, "--store", own, "--format", "csv").stdout.split() == ["b", "7"]


def test_a_graph_of_the_loader_is_not_imported_into(own: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.nt"
    file.write_text("<https://e.example/s> <https://e.example/p> <https://e.example/o> .\n")
    done = run("import", file, "--graph", "https://pactgraph.example/graph/registry", "--store", own)
    assert done.returncode == 1
    assert "graph/registry" in done.stderr


def test_what_the_loader_wrote_conforms_to_the_shapes(store: Path) -> None:
    done = run("validate", "--store", store)
    assert (done.returncode, done.stdout) == (0, "")
    assert "Everything conforms" in done.stderr


def test_an_export_conforms_to_the_shapes_too(store: Path, tmp_path: Path) -> None:
    assert run("export", tmp_path / "all.nq", "--store", store).returncode == 0
    done = run("validate", tmp_path / "all.nq")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_an_export_into_a_file_of_another_format_is_refused(store: Path, tmp_path: Path) -> None:
    done = run("export", tmp_path / "all.csv", "--store", store)
    assert (done.returncode, (tmp_path / "all.csv").exists()) == (2, False)
    assert "No export ends in .csv; .nq, .trig, .jsonld, .nt, .ttl, .rdf do" in done.stderr


def test_a_file_that_breaks_the_shapes_is_told_node_by_node(tmp_path: Path) -> None:
    file = tmp_path / "bad.ttl"
    file.write_text("<https://e.example/s> a <https://pactgraph.example/ns#Statement> .")
    done = run("validate", file)
    assert done.returncode == 1
    assert "https://e.example/s" in done.stdout


def test_equal_articles_give_equal_bytes_however_they_were_loaded(store: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    second = tmp_path / "second.txt"
    second.write_text("Another title\nThe official said Japan would join AUKUS.\n", encoding="utf-8")
    assert run("load", second, SEED, "--store", other, "--workers", "2", "--quiet").returncode == 0
    again = Path(shutil.copytree(store, tmp_path / "again"))
    assert run("load", second, "--store", again, "--quiet").returncode == 0
    exports = [tmp_path / "1.nq", tmp_path / "2.nq"]
    for path, out in zip((other, again), exports, strict=True):
        assert run("export", out, "--store", path).returncode == 0
    assert exports[0].read_bytes() == exports[1].read_bytes()


def test_an_export_can_be_piped(store: Path) -> None:
    command = f"{PACTGRAPH} export - --store {store} | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout.endswith(".\n")
    assert done.stderr == ""


def test_the_demo_shows_who_said_what_through_whom() -> None:
    done = begun("demo", "--no-serve")
    assert done.returncode == 0, done.stderr
    assert "pactgraph:" not in done.stderr  # nothing in seeds/ but the article is taken for one
    table = " ".join(done.stdout.split())
    for word in ("who", "stance", "about", "words", "through", "Japan", "AUKUS", "Nikkei"):
        assert word in table


# ---- bad input

GOOD = "A good article\nJapan said it backs AUKUS.\n"
BAD: dict[str, tuple[bytes, str]] = {
    "empty.txt": (b"", r"empty\.txt: .*empty"),
    "title.txt": (b"Only a title\n", r"title\.txt(:\d+)?: .*title.* no text"),
    "binary.txt": (bytes(range(256)) * 8, r"binary\.txt(:\d+)?: "),
    "latin1.txt": ("Über\nDer Außenminister sagte nichts.\n".encode("latin-1"), r"latin1\.txt:1: .*UTF-8"),
    "cut.jsonl": (b'{"title": "A", "text": "Japan said no."}\n{"title": "B", "te\n', r"cut\.jsonl:2: .*JSON"),
    "textless.json": (b'{"title": "A"}', r"textless\.json(:\d+)?: .*text"),
}
ODD: dict[str, bytes] = {
    "line.txt": b"One long line\n" + b"Japan said that it backs AUKUS. " * 1_000,
    "quotes.txt": b"Marks\n" + b'"' * 100_000,
    "unbalanced.txt": 'Open\n"Japan backs AUKUS, he said.\nThe end\u201d said nobody.\n'.encode(),
    "rtl.txt": "\u0627\u0644\u064a\u0627\u0628\u0627\u0646 \U0001f1ef\n\u05d0\u05de\u05e8 said AUKUS.".encode(),
}


@pytest.fixture(scope="module")
def after_bad_input(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Load a folder with every kind of bad and odd file and one good one; give what was said, and the store."""
    folder = tmp_path_factory.mktemp("bad")
    for name, (data, _) in BAD.items():
        (folder / name).write_bytes(data)
    for name, odd in ODD.items():
        (folder / name).write_bytes(odd)
    (folder / "zgood.txt").write_text(GOOD, encoding="utf-8")
    (folder / "dangling.txt").symlink_to(folder / "nowhere")
    store = folder.parent / f"{folder.name}-store"
    return run("load", folder, "--store", store, "--json", "--no-link"), store


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_told_with_its_name_and_skipped(
    name: str, after_bad_input: tuple[subprocess.CompletedProcess[str], Path]
) -> None:
    assert re.search(BAD[name][1], after_bad_input[0].stderr), after_bad_input[0].stderr


def test_some_skipped_ends_with_1_and_the_rest_is_stored(
    after_bad_input: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, store = after_bad_input
    summary = json.loads(done.stdout)
    assert done.returncode == 1
    assert summary["failed"] + summary["refused"] == len(BAD) + 1, done.stderr
    assert summary["added"] == len(ODD) + 2, done.stderr  # the good one, and the whole line of the file cut in half
    assert run("validate", "--store", store).returncode == 0


def test_a_load_that_reads_no_article_leaves_no_store_behind(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "empty.txt").touch()
    done = run("load", tmp_path / "report.pdf", tmp_path / "empty.txt", "--store", tmp_path / "store", "--json")
    assert done.returncode == 1
    assert [line.rpartition(": ")[2] for line in done.stderr.splitlines()] == [
        "A PDF is not read; make text of it (`pdftotext FILE`), and see that its first line is the title.",
        "The file is empty.",
    ]
    assert json.loads(done.stdout)["failed"] == 2
    assert not (tmp_path / "store").exists()


def test_a_closed_standard_input_is_told(tmp_path: Path) -> None:
    command = ["sh", "-c", '"$0" load - --store store <&-', str(PACTGRAPH)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=NARROW, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "pactgraph: Standard input (-) was named, but there is none to read.\n"


def test_a_load_that_is_stopped_keeps_what_it_loaded_and_says_so(tmp_path: Path) -> None:
    store = tmp_path / "store"
    command = [PACTGRAPH, "load", "-", "--input-format", "jsonl", "--workers", "1", "--store", str(store)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stderr=pipe, env=NARROW) as process:
        assert process.stdin is not None
        for number in range(16):  # a batch; the next one never comes
            record = {"title": "Norland waits", "text": f"Ann Lee said that Norland had {number} ships."}
            process.stdin.write(json.dumps(record).encode() + b"\n")
        process.stdin.flush()
        end = time.monotonic() + 120
        while shown(store) < 16 and process.poll() is None and time.monotonic() < end:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert process.returncode == 130
    assert told.decode() == "Stopped; what was loaded before stays, and the same command adds the rest.\n"
    assert shown(store) == 16


def test_a_load_that_is_asked_to_end_stops_in_order_and_with_the_code_of_the_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from loader.commands import articles
    from pactgraph import app

    def ended(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(articles, "load_into", ended)
    done = CliRunner().invoke(app, ["load", str(tmp_path), "--no-link"])
    assert done.exit_code == 128 + signal.SIGTERM
    assert done.stderr == "Stopped; what was loaded before stays, and the same command adds the rest.\n"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def shown(store: Path) -> int:
    """Return how many articles a store shows to readers; none where there is no store yet."""
    try:
        with snapshot(store) as (data, _):
            return len(list(data.quads_for_pattern(None, TYPE, pact("Article"))))
    except StoreError:
        return 0


def test_five_megabytes_in_one_line_are_refused_with_the_limit(tmp_path: Path) -> None:
    (tmp_path / "huge.txt").write_bytes(b"Huge\n" + b"a word " * 750_000)
    done = run("load", tmp_path / "huge.txt", "--no-link", "--store", tmp_path / "store")
    assert done.returncode == 1
    assert re.search(r"huge\.txt(:\d+)?: .*1,000,000", done.stderr)


def test_two_records_of_one_address_and_one_text_are_one_article(tmp_path: Path) -> None:
    record = json.dumps({"title": "A", "text": "Japan said no.", "url": "https://example.org/1"})
    (tmp_path / "twice.jsonl").write_text(f"{record}\n{record}\n", encoding="utf-8")
    done = run("load", tmp_path / "twice.jsonl", "--store", tmp_path / "store", "--json", "--no-link")
    summary = json.loads(done.stdout)
    assert (summary["added"], summary["duplicate"]) == (1, 1)
    assert "twice.jsonl:2: " in done.stderr


def test_a_path_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    done = run("load", tmp_path / "nowhere", "--store", tmp_path / "store")
    assert done.returncode == 2
    assert "nowhere" in done.stderr


@pytest.mark.parametrize(
    "command",
    [["query", COUNT], ["export", "-"], ["validate"], ["serve"], ["unload", SEED_ID]],
    ids=lambda words: words[0],
)
def test_a_store_that_is_not_there_ends_with_2(command: list[str], tmp_path: Path) -> None:
    done = run(*command, "--store", tmp_path / "nowhere")
    assert done.returncode == 2
    assert f"no store at {tmp_path / 'nowhere'}" in done.stderr
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "command", [["query", COUNT], ["load", str(SEED)], ["serve"], ["export", "-"]], ids=lambda words: words[0]
)
def test_a_store_of_a_later_version_ends_with_2_and_stays(command: list[str], own: Path) -> None:
    (own / "format").write_text("pactgraph-store 99\n")
    done = run(*command, "--store", own)
    assert done.returncode == 2
    assert "upgrade Pactgraph" in done.stderr
    (own / "format").write_text("pactgraph-store 1\n")
    assert count(own) > 0


def test_a_store_that_another_process_writes_to_ends_with_2(own: Path) -> None:
    with Layout(own).writer():
        done = run("load", SEED, "--store", own, "--wait", "0.2")
    assert done.returncode == 2
    assert f"process {os.getpid()}" in done.stderr
    assert count(own) > 0


def test_a_full_disk_ends_with_2_and_what_was_stored_stays(own: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: both refuse a write that needs room."""
    before = count(own)
    triples = tmp_path / "many.nt"
    triples.write_text(
        "".join(f"<https://e.example/{n}> <https://e.example/p> <https://e.example/{n * 7}> .\n" for n in range(60_000))
    )
    command = f"ulimit -f 1024; exec {PACTGRAPH} import {triples} --store {own}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env=NARROW)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "stays" in done.stderr
    assert count(own) == before


def test_an_article_that_cannot_be_read_is_told_and_skipped(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads every file; the dangling link among the bad files stands for the unreadable one")
    file = tmp_path / "secret.txt"
    file.write_text(GOOD)
    file.chmod(0)
    done = run("load", file, "--store", tmp_path / "store")
    assert done.returncode == 1
    assert "secret.txt: " in done.stderr


@pytest.mark.parametrize("command", [["load", SEED], ["unload", SEED_ID], ["import", SEED], ["serve"]])
def test_a_base_that_is_no_iri_ends_with_2(command: list[str | Path], tmp_path: Path) -> None:
    done = run(*command, "--base", "nonsense", "--store", tmp_path / "store")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "pactgraph: The base 'nonsense' is not an absolute IRI; write it in full, as in https://pactgraph.example/.\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("command", [["query", COUNT], ["export", "-"]])
def test_an_output_without_room_is_not_blamed_on_the_store(store: Path, command: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [PACTGRAPH, *command, "--store", store],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        )
    assert (done.returncode, done.stderr) == (
        2,
        "pactgraph: The output cannot be written: No space left on device.\n",
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_an_output_that_is_closed_is_read_by_nobody(store: Path, closed: str) -> None:
    command = ["sh", "-c", f'exec "$@" {closed}', "sh", PACTGRAPH, "query", COUNT, "--store", store]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_port_that_is_taken_ends_with_2(store: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", "--store", store, "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "--port" in done.stderr


def test_the_module_can_be_run_as_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "pactgraph", "--version"], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("pactgraph ")


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--allow-service", "http://10.0.0.1/sparql", "has a private address"),
        ("--allow-service", "wikidata", "is no address of a service"),
        ("--log", "everything", "What is logged is warnings, requests or nothing"),
    ],
)
def test_serve_does_not_start_with_what_it_cannot_take(store: Path, option: str, value: str, sentence: str) -> None:
    done = run("serve", "--store", store, "--port", "0", option, value)
    assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr

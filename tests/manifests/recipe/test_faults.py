"""What is wrong with a recipe: all of it in one error, each with its place, and one line for one slip."""

import itertools
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.manifests.errors import RecipeError
from maslin.manifests.recipe import faults
from maslin.manifests.recipe.reading import Checks, read_recipe
from maslin.manifests.recipe.recipe_file import MAX_FILE_BYTES

GOOD = """\
name: everything
sources:
  web:
    kind: warc
    paths: [crawl/*.warc.gz, more/*.warc.gz]
    max_failed: 0.1
  wiki: {kind: wikipedia, paths: dump.xml.bz2}
  talk: {kind: chat, paths: [talk.jsonl]}
corpora:
  plain:
    from: web
    steps:
      - language: {keep: [en], min_score: 0.65}
      - c4: {code: drop}
      - gopher_quality
      - near_dedup: {threshold: 0.8}
  code: {like: plain, set: {c4.code: keep}}
  said: {from: talk}
dedup: {across: [plain, wiki], threshold: 0.7}
tokenizer: {vocab_size: 4096, sample_bytes: 100_000}
mixtures:
  one: {plain: 8, wiki: 2}
  two: {code: 0.6, wiki: 0.3, said: 0.1}
  three:
    stages:
      - {until: 0.5, weights: {plain: 1}}
      - {weights: {wiki: 1}}
training: {model: tiny, tokens: 2_000_000, seeds: 2, learning_rate: 1e-3, max_epochs: 4, batch_tokens: 512}
comparison:
  baseline: one
  domains: [plain, wiki]
  held_out_share: 0.1
  metric: bits_per_byte
  held_out_by: site
  overlap: {share: 0.2}
"""

# What is written in the place of what, line and column of the fault, and how its line goes on. No two touch each other.
SLIPS = [
    ("name: everything", "name: ../etc", "1:7: name: `../etc` cannot be a name"),
    ("kind: warc\n", "kind: wrac\n", "4:11: sources.web.kind: `wrac` is not one of"),
    ("crawl/*.warc.gz", "~/crawl/*.warc.gz", "5:13: sources.web.paths[0]: `~` stands for something only in a shell"),
    ("more/*.warc.gz", "$DATA/*.gz", "5:30: sources.web.paths[1]: `$DATA` stands for something"),
    ("max_failed: 0.1", "max_faild: 0.1", "6:5: sources.web.max_faild: unknown key `max_faild`; did you mean `max_"),
    ("wiki: {kind: wikipedia, paths: dump.xml.bz2}", "wiki: {kind: wikipedia, path: dump.xml.bz2}",
     "7:27: sources.wiki.path: unknown key `path`; did you mean `paths`?"),
    ("talk: {kind: chat, paths: [talk.jsonl]}", "talk: {kind: chat, paths: []}",
     "8:29: sources.talk.paths: name at least one path"),
    ("from: web\n", "from: webb\n", "11:11: corpora.plain.from: no source is called `webb`; did you mean `web`?"),
    ("keep: [en]", "keep: [no]", "13:27: corpora.plain.steps[0].language.keep[0]: YAML reads `no` as true or false"),
    ("min_score: 0.65", "min_score: .nan", "13:43: corpora.plain.steps[0].language.min_score: `.nan` is no finite"),
    ("code: drop", "code: remove", "14:20: corpora.plain.steps[1].c4.code: `remove` is not one of drop, keep"),
    ("- gopher_quality", "- gopher_qualty", "15:9: corpora.plain.steps[2]: no step is called `gopher_qualty`; did you"),
    ("{threshold: 0.8}", "{threshold: 80 %}", "16:33: corpora.plain.steps[3].near_dedup.threshold: expected a number"),
    ("from: talk", "from: talk, steps: exact_dedup", "18:29: corpora.said.steps: expected a list [a, b], found `ex"),
    ("[plain, wiki], threshold: 0.7", "[plain, plain], threshold: 0.7", "19:25: dedup.across[1]: `plain` stands twice"),
    ("threshold: 0.7", "threshold: yes", "19:43: dedup.threshold: expected a number, found `yes`"),
    ("vocab_size: 4096", "vocab_size: 1e18", "20:25: tokenizer.vocab_size: 1e18 is too large: at most 1,048,576"),
    ("sample_bytes: 100_000", "sample_bytes: inf", "20:45: tokenizer.sample_bytes: expected a whole number, found"),
    ("one: {plain: 8, wiki: 2}", "one: {plain: -8, wiki: 2}", "22:16: mixtures.one.plain: -8 is too small: at least 0"),
    ("{code: 0.6, wiki: 0.3, said: 0.1}", "{code: 0.6, wiki: 0.3, sad: 0.1}",
     "23:31: mixtures.two.sad: no corpus or source is called `sad`; did you mean `said`?"),
    ("until: 0.5, ", "until: 1.5, ", "26:17: mixtures.three.stages[0].until: 1.5 is too large: at most 1"),
    ("{weights: {wiki: 1}}", "{weights: {wiki: 0}}", "27:19: mixtures.three.stages[1].weights: the weights are all 0"),
    ("model: tiny", "model: tinny", "28:19: training.model: `tinny` is not one of tiny, small; did you mean `tiny`?"),
    ("tokens: 2_000_000", "tokens: 1e30", "28:33: training.tokens: 1e30 is too large: at most 1,000,000,000,000,000"),
    ("seeds: 2,", "seed: 2,", "28:44: training.seed: unknown key `seed`; did you mean `seeds`?"),
    ("learning_rate: 1e-3", "learning_rate: '1e30'", "28:69: training.learning_rate: 1e30 is too large: at most 10"),
    ("max_epochs: 4", "max_epochs: 4, max_epochs: 5", "28:90: training.max_epochs: this key stands twice"),
    ("batch_tokens: 512", "batch_tokens: true", "28:104: training.batch_tokens: expected a whole number, found `true`"),
    ("baseline: one", "baseline: own", "30:13: comparison.baseline: no mixture is called `own`"),
    ("domains: [plain, wiki]", "domains: [plain, books]", "31:20: comparison.domains[1]: no corpus or source is"),
    ("held_out_share: 0.1", "held_out_share: -0.1", "32:19: comparison.held_out_share: -0.1 is too small: at least"),
    ("metric: bits_per_byte", "metric: bits", "33:11: comparison.metric: `bits` is not one of bits_per_byte"),
    ("held_out_by: site", "held_out_by: sites", "34:16: comparison.held_out_by: `sites` is not one of document, site"),
    ("overlap: {share: 0.2}", "overlap: {share: 20}", "35:20: comparison.overlap.share: 20 is too large: at most 1"),
]
# Wrong as a whole: what refers to it cannot be said to be wrong.
WHOLE = [
    ("name: everything\n", "", "1:1: `name` is missing"),
    ("name: everything", "title: everything", "1:1: title: unknown key `title`; did you mean `name`?"),
    ("sources:", "sorces:", "2:1: sorces: unknown key `sorces`; did you mean `sources`?"),
    ("sources:", "data:", "2:1: data: unknown key `data`; did you mean `sources`?"),
    ("corpora:", "corpus:", "9:1: corpus: unknown key `corpus`; did you mean `corpora`?"),
    ("mixtures:", "mixture:", "21:1: mixture: unknown key `mixture`; did you mean `mixtures`?"),
    ("kind: warc\n", "knd: warc\n", "4:5: sources.web.knd: unknown key `knd`; did you mean `kind`?"),
    ("    kind: warc\n", "", "3:3: sources.web: `kind` is missing: one of warc, wikipedia"),
    ("{like: plain,", "{like: plian,", "17:16: corpora.code.like: no corpus is called `plian`; did you mean `plain`?"),
    ("{like: plain,", "{like: code,", "17:16: corpora.code.like: goes round in a circle: code → code"),
    ("c4.code: keep", "c4.cod: keep", "17:29: corpora.code.set.c4.cod: step `c4` has no parameter `cod`"),
    ("domains: [plain, wiki]", "domains: []", "31:12: comparison.domains: name at least one corpus to score on"),
    ("held_out_by: site", "held_out_by: repository",
     "34:16: comparison.held_out_by: no source of the domains tells a repository: web (warc) site; wiki (wiki"),
    ("held_out_by: site", "held_out_by: [site, document]", "34:16: comparison.held_out_by: `document` stands alone"),
    ("held_out_by: site", "held_out_by: []", "34:16: comparison.held_out_by: say by what: document, site or reposit"),
    ("overlap: {share: 0.2}", "overlap: {run_words: 12}",
     "35:24: comparison.overlap.run_words: 12 words are fewer than an n-gram's, 13"),
    ("overlap: {share: 0.2}", "overlap: {shares: 0.2}",
     "35:13: comparison.overlap.shares: unknown key `shares`; did you mean `share`?"),
    ("overlap: {share: 0.2}", "overlap: 0.2", "35:12: comparison.overlap: expected a mapping (key: value), found"),
    ("training: {", "training: [] #{", "28:11: training: expected a mapping (key: value), found a list"),
    ("- {until: 0.5, weights", "- {weights", "26:9: mixtures.three.stages[0]: `until` is missing"),
    ("wiki: {kind", "wi/ki: {kind", "7:3: sources.wi/ki: `wi/ki` cannot be a name"),
]
KNOWN = Checks({"training.model": ["tiny", "small"], "comparison.metric": ["bits_per_byte"]})


def wrong(tmp_path, text):
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError) as caught:
        read_recipe(path, KNOWN)
    return [line.removeprefix(f"{path}:") for line in caught.value.lines]


def slipped(slips):
    text = GOOD
    for old, new, _ in slips:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_the_recipe_without_slips_is_right(tmp_path):
    (tmp_path / "r.yaml").write_text(GOOD)
    assert read_recipe(tmp_path / "r.yaml", KNOWN).name == "everything"


@pytest.mark.parametrize("slip", [*SLIPS, *WHOLE], ids=lambda slip: slip[1].strip()[:30])
def test_one_slip_is_one_line_with_its_place(tmp_path, slip):
    text = slipped([slip])
    if slip[1].startswith("wi/ki"):  # the same name elsewhere, as one who takes it for a name writes it
        text = re.sub(r"wiki(: [\d.]+|\])", r"wi/ki\1", text)
    lines = wrong(tmp_path, text)
    assert len(lines) == 1 and lines[0].startswith(slip[2]), lines


@given(st.sets(st.sampled_from(range(len(SLIPS))), min_size=1))
@settings(max_examples=60, deadline=None)
def test_any_slips_together_are_as_many_lines_in_the_order_of_the_file(tmp_path_factory, chosen):
    slips = [SLIPS[index] for index in sorted(chosen)]
    lines = wrong(tmp_path_factory.mktemp("r"), slipped(slips))
    assert len(lines) == len(slips), lines
    for line, (_, _, message) in zip(lines, slips, strict=True):  # a slip before it on the line moves the column
        assert line.partition(":")[0] == message.partition(":")[0]
        assert line.split(": ", 1)[1].startswith(message.split(": ", 1)[1]), line
    places = [tuple(map(int, line.split(":", 2)[:2])) for line in lines]
    assert places == sorted(places)


def test_no_line_says_a_word_twice_in_a_row(tmp_path):
    every = (wrong(tmp_path, slipped(slips)) for slips in (SLIPS, *([slip] for slip in WHOLE)))
    for line in itertools.chain(*every):
        assert not re.search(r"\b(\w+):? \1\b", line), line


def test_settings_that_do_not_go_together_are_told_beside_the_rest(tmp_path):
    checks = Checks(training=lambda training: [("batch_tokens", "512 is no multiple"), ("model", "is too small")])
    path = tmp_path / "r.yaml"
    path.write_text(GOOD.replace("baseline: one", "baseline: own"))
    with pytest.raises(RecipeError) as caught:
        read_recipe(path, checks)
    assert [line.removeprefix(f"{path}:")[:32] for line in caught.value.lines] == [
        "28:19: training.model: is too sm", "28:104: training.batch_tokens: 5", "30:13: comparison.baseline: no m"]


@pytest.mark.parametrize(("written", "said"), [
    ("$HOME/x", "write {home}/x, or a path, from / or from the recipe's folder"),
    ("${HOME}/x", "write {home}/x, or a path"), ("~/x", "write {home}/x, or a path"),
    ("~no-user/x", "`~no-user` stands for something only in a shell: write the path itself"),
    ("a/${B}c", "`${{B}}` stands for something"), ("a%DATA%b", "`%DATA%` stands"), ("''", "an empty path"),
    ('"a\\0b"', "cannot hold the sign U+0000"),
])
@pytest.mark.parametrize("where", [
    "sources: {{s: {{kind: jsonl, paths: {0}}}}}", "tokenizer: {{path: {0}}}", "training: {{init_from: {0}}}",
    "sources: {{s: {{kind: {{file: {0}, name: x}}, paths: a}}}}",
    "corpora: {{c: {{from: s, steps: [rule: {{file: {0}, name: x}}]}}}}"])
def test_what_only_a_shell_replaces_is_refused_wherever_a_path_stands(tmp_path, where, written, said):
    start = "name: n\n" + ("" if where.startswith("sources") else "sources: {s: {kind: jsonl, paths: a}}\n")
    quoted = written if written[0] in "'\"" else f"'{written}'"
    (line,) = wrong(tmp_path, start + where.format(quoted))
    assert said.format(home=os.path.expanduser("~")) in line


@pytest.mark.parametrize("name", ["~", "~x", "$HOME", "a$b", "${x}y"])
def test_a_file_that_is_really_called_so_is_taken(tmp_path, name):
    (tmp_path / name).mkdir()
    paths = [f"{name}/*.jsonl", "https://a/~b/$c"]
    (tmp_path / "r.yaml").write_text(f"name: n\nsources: {{s: {{kind: jsonl, paths: {paths}}}}}")
    assert read_recipe(tmp_path / "r.yaml").sources["s"].paths[0] == f"{name}/*.jsonl"


def test_a_folder_as_recipe_is_told_with_the_recipes_in_it(tmp_path):
    (tmp_path / "mine.yaml").write_text(GOOD)
    with pytest.raises(RecipeError, match=r"is a folder, not a recipe; did you mean .*mine\.yaml\?"):
        read_recipe(tmp_path)


@pytest.mark.parametrize(("content", "said"), [
    (b"\x1f\x8b\x08\x00", "is a gzip file"), (b"PAR1\x15\x04", "is a Parquet file"), (b"PK\x03\x04", "is a zip"),
    (b"WARC/1.0\r\n", r"is a web archive \(WARC\)"), (b"\x89PNG\r\n", "is a picture"), (b"%PDF-1.7", "is a PDF"),
    (b"\x7fELF\x02", "is a program"), ("näme".encode("utf-16"), "is text in UTF-16"), (b"name: \x00", "NUL bytes"),
    (b"  <!DOCTYPE html><html>", "is a web page"), (b"name: n\nx: \xe9t", r"r\.yaml:2:4: the byte 0xe9 is not UTF-8"),
    (b"", "the file is empty"), (b"# nothing\n", "the file is empty"), (b"name: a\x07b", r":1:8: the sign U\+0007"),
    (b"a" * (MAX_FILE_BYTES + 1), "larger than 4,194,304 bytes"), (b"[" * 700, "hundreds deep"),
    (b"a: 1\n---\nb: 2\n", r"r\.yaml:2:1: not valid YAML"), (b"a:\n\tb: 1\n", r"r\.yaml:2:1: not valid YAML"),
    (b"just words", "expected a mapping"), (b"- a", "expected a mapping"), (b"a: *b", r":1:4: not valid YAML"),
])
def test_what_is_no_recipe_is_told_for_what_it_is(tmp_path, content, said):
    (tmp_path / "r.yaml").write_bytes(content)
    with pytest.raises(RecipeError, match=said):
        read_recipe(tmp_path / "r.yaml")


def test_pipes_devices_and_broken_links_end_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("gone.yaml")
    (tmp_path / "round").symlink_to("round")
    for name, said in (("pipe", "is a pipe"), ("/dev/zero", "is a device"), ("link", "a link to gone.yaml, which is"),
                       ("round", "cannot be read"), ("n" * 300, "cannot be read"), ("a\0b", "cannot be read")):
        with pytest.raises(RecipeError, match=said):
            read_recipe(tmp_path / name)


def test_a_byte_order_mark_moves_no_column(tmp_path):
    (line,) = wrong(tmp_path, "\ufeffnam: n\nsources: {s: {kind: jsonl, paths: a}}\n")
    assert line.startswith("1:1: nam: unknown key")


def test_a_slip_that_aliases_repeat_is_told_once(tmp_path):
    lines = wrong(tmp_path, "name: n\nsources: {a: &a {kind: jsonl, paths: [x], max_failed: 2}, b: *a, c: *a}\n")
    assert len(lines) == 1 and lines[0].startswith("2:55: sources.a.max_failed: 2 is too large")


def test_what_is_wrong_without_end_is_told_as_far_as_it_can_be_read(tmp_path):
    good = "name: n\nsources: {s: {kind: jsonl, paths: a}}\n"
    lines = wrong(tmp_path, good + "".join(f"x{number}: 1\n" for number in range(999)))
    assert len(lines) == faults.MOST_FAULTS + 1 and lines[-1].startswith("and perhaps more")

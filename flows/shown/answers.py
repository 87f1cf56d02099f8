"""What every command answers with `--json`, as types: docs/json.md is made of them, and a test holds them to what is
printed.

Numbers have their units in their names, without one they count. Paths are as the command would print them. A value that
nobody knows is null. Types only, so that listing commands stays light.
"""

from typing import Any, NotRequired, TypedDict


class Counted(TypedDict):
    """`read` = `kept` + all of `dropped`, by rule, + all of `failed`, by cause; `edited` by step, in `unit`."""

    unit: str
    read: int
    kept: int
    dropped: dict[str, int]
    failed: dict[str, int]
    edited: dict[str, int]
    lines_removed: dict[str, int]


class CorpusBuilt(TypedDict):
    """`short_documents`: by deduplication, those with fewer words than it compares at a time."""

    name: str
    directory: str
    counts: Counted
    text_bytes: int
    short_documents: dict[str, int]


class Curated(TypedDict):
    """`maslin curate`: the corpora of the recipe."""

    recipe: str
    workspace: str
    corpora: list[CorpusBuilt]


class CorpusShare(TypedDict):
    """A corpus in a mixture: `share` of its tokens, between 0 and 1."""

    corpus: str
    share: float
    tokens_there: int
    tokens_planned: int
    epochs: float


class StageShares(TypedDict):
    """Shares, by corpus, until so many tokens are trained."""

    until_tokens: int
    shares: dict[str, float]


class MixtureBuilt(TypedDict):
    """`stages`: empty where shares stay the same; `simulate_target_tokens`: of the run whose epochs it has."""

    name: str
    directory: str
    budget_tokens: int
    simulate_target_tokens: int | None
    corpora: list[CorpusShare]
    stages: list[StageShares]


class Mixed(TypedDict):
    """`maslin mix`: the mixtures of the recipe."""

    recipe: str
    workspace: str
    mixtures: list[MixtureBuilt]


class RunTrained(TypedDict):
    """`mfu`: model FLOP utilisation, a share of the device's peak; `matmul_share`: of what its products reach."""

    name: str
    directory: str
    tokens: int
    final_loss_nats: float
    tokens_per_second: float | None
    mfu: float | None
    matmul_share: float | None


class Trained(TypedDict):
    """`maslin train`: the finished runs of the recipe."""

    recipe: str
    workspace: str
    runs: list[RunTrained]


class LookTaken(TypedDict):
    """A look after so many rounds: the share of the error spent until then, and how many claims were still open."""

    rounds: int
    spent: float
    open: int


class RoundsTaken(TypedDict):
    """`maslin compare --until-decided`: `plan`: its digest, fixed before the first look; `ended`: settled or spent."""

    plan: str
    most: int
    looks: list[LookTaken]
    ended: str


class Compared(TypedDict):
    """`maslin compare`: `verdicts`: arm → domain → better, worse, equivalent or undecided; `verdict`: in sentences.

    `comparison`: the file with every figure and its interval; `rounds`: the looks, where there were several.
    """

    recipe: str
    workspace: str
    verdict: list[str]
    verdicts: dict[str, dict[str, str]]
    report: str
    comparison: str
    rounds: NotRequired[RoundsTaken]


class Demonstrated(Compared):
    """`maslin demo`: what `compare` answers. `in_words`: what was asked, found, how sure that is and what it does not
    say; `missing_inputs`: what was not to be had, with the reason; `next`: commands worth trying.
    """

    in_words: list[str]
    missing_inputs: dict[str, str]
    verified_bytes: int | None
    seconds: float
    next: list[str]


class StageCost(TypedDict):
    """`amount` in `unit`; `source`: how the seconds are known: measured here, by a few steps, or assumed."""

    stage: str
    steps: int
    amount: float
    unit: str
    seconds: float
    disk_bytes: float
    source: str


class CorpusEpochs(TypedDict):
    """`epochs` is null where there are no tokens; `source`: whether these are counted or estimated, and by what."""

    mixture: str
    corpus: str
    tokens_wanted: float
    tokens_there: float
    epochs: float | None
    source: str


class DomainDetectable(TypedDict):
    """The smallest difference found 80 times in 100: `effect` in the metric's unit, or as a `share` of its figure."""

    domain: str
    effect: float | None
    share: float | None
    source: str


class DomainHeldOut(TypedDict):
    """How the documents are held out that a domain is scored on, in words."""

    domain: str
    how: str


class ArmDiffering(TypedDict):
    """What an arm has otherwise than the baseline, a sentence each."""

    arm: str
    baseline: str
    differences: list[str]


class KindPlanned(TypedDict):
    """Names of the steps of a kind: to `build`, that are there (`have`), and that nothing needs any more (`skip`)."""

    kind: str
    build: list[str]
    have: list[str]
    skip: list[str]


class StepForeseen(TypedDict):
    """`state`: `build`, `have` or `skip`."""

    state: str
    directory: str


class LookPlanned(TypedDict):
    """A look after so many rounds: the share of the error spent until then, and p of a single test at that look."""

    rounds: int
    spent: float
    level: float


class RoundsPlanned(TypedDict):
    """`--until-decided`: `most` rounds at most; `plan`: the digest it has or would have. Totals are of all rounds."""

    plan: str
    most: int
    tests: int
    looks: list[LookPlanned]


class CrawlSized(TypedDict):
    """How much of a crawl is read: paths of all paths, and their bytes, by the lengths of so many (`asked`) of them.

    Of a selection the bytes are those of whole paths.
    """

    paths: int
    all_paths: int
    bytes: int
    asked: int


class CrawlForeseen(CrawlSized):
    """What a source will read of a crawl that it names."""

    source: str
    crawl: str


class Foreseen(TypedDict):
    """`--dry-run`: what would be built, what it takes, what could be found.

    `plan` has every step's directory with `--verbose`; the totals are of what is to be built.
    """

    recipe: str
    workspace: str
    to_build: int
    steps: int
    kinds: list[KindPlanned]
    plan: NotRequired[list[StepForeseen]]
    crawls: NotRequired[list[CrawlForeseen]]
    held_out: list[DomainHeldOut]
    arms: list[ArmDiffering]
    workers: int
    documents: float
    tokens: float
    runs: int
    seconds: float
    disk_bytes: float
    disk_free_bytes: int
    costs: list[StageCost]
    epochs: list[CorpusEpochs]
    max_epochs: float
    unit: str
    seeds: int
    detectable: list[DomainDetectable]
    rounds: NotRequired[RoundsPlanned]
    warnings: list[str]


class Initiated(TypedDict):
    """`maslin init`: the file written, and the commands that follow."""

    path: str
    next: list[str]


class Thing(TypedDict):
    """A step directory. `state`: built, built incomplete, unfinished, missing, damaged or of another Maslin.

    `about`: what is in it, how far it is, or why it is stale, in words; `done` of `total` are steps of a run, or parts.
    """

    kind: str
    name: str
    directory: str
    state: str
    disk_bytes: int
    about: str
    done: int | None
    total: int | None


class RecipeStatus(TypedDict):
    """`things`: by name; `between`: what was made on the way to them; `report`: the file."""

    recipe: str
    links: str
    things: list[Thing]
    between: list[Thing]
    report: str | None


class Status(TypedDict):
    """`maslin status`: by recipe, or of the one asked for. `unfinished`, `stale`: what no recipe has or needs, now."""

    workspace: str
    recipes: list[RecipeStatus]
    unfinished: list[Thing]
    stale: list[Thing]
    disk_bytes: int


class FileListed(TypedDict):
    """A file of a step directory; `rows` of a table."""

    path: str
    bytes: int
    xxh3_128: str
    rows: NotRequired[int]


class Identity(TypedDict):
    """What the digest of a step covers, and its files; what is in `parameters` depends on the kind."""

    kind: str
    name: str
    digest: str
    step_version: int
    parameters: dict[str, Any]
    inputs: dict[str, str]
    libraries: dict[str, str]
    files: list[FileListed]


class ManifestShown(TypedDict):
    """`maslin manifest show`: the manifest as it stands; what is in `summary` depends on the kind."""

    schema_version: int
    identity: Identity
    complete: bool
    counts: NotRequired[Counted]
    sizes: dict[str, int]
    summary: dict[str, Any]
    checksum: str


class Verified(TypedDict):
    """`maslin manifest verify`; exit code 3 when there are problems. `of_another_maslin`: directories not checked."""

    directories: int
    bytes: int
    seconds: float
    problems: list[str]
    of_another_maslin: list[str]


class StepNamed(TypedDict):
    """A step directory by what it holds."""

    kind: str
    name: str
    digest: str
    directory: str


class Differing(TypedDict):
    """`maslin manifest diff`: `differences` as lines, none where both are the same."""

    old: StepNamed
    new: StepNamed
    differences: list[str]


class FileWritten(TypedDict):
    """A file that a command wrote."""

    path: str
    bytes: int


class Exported(TypedDict):
    """`maslin export`: `notes`: what was changed on the way, in sentences."""

    step: str
    form: str
    files: list[FileWritten]
    notes: list[str]


class Origin(TypedDict):
    """Where the raw record lies."""

    file: str | None
    offset: int | None
    length: int | None


class Document(TypedDict):
    """A document as it was extracted; `characters` and `bytes` are of its text."""

    id: str
    url: str | None
    source: str
    date: str | None
    licence: str | None
    origin: Origin
    characters: int
    bytes: int


class Left(TypedDict):
    """Why a document is gone, as the ledger has it."""

    id: str
    source: str
    step_index: int
    step: str
    rule: str
    action: str
    value: float | None
    threshold: float | None
    op: str | None
    detail: str | None
    survivor_id: str | None
    similarity: float | None


class Checked(TypedDict):
    """One rule on one document. `outcome`: passed, dropped, would drop too, or not tested."""

    rule: str
    signal: str | None
    value: float | None
    condition: str
    outcome: str


class Edited(TypedDict):
    """A span of lines of a step's input text; `replacement` null: removed."""

    rule: str
    line_start: int
    line_end: int
    replacement: str | None


class StepMet(TypedDict):
    """A step that a document met. `edits` are left out of documents that are held out."""

    index: int
    step: str
    source: str
    checks: list[Checked]
    edits: list[Edited]


class WordsApart(TypedDict):
    """Words that only one of two documents has, and a few that both have around them."""

    before: str
    left: str
    stays: str
    after: str


class Beside(TypedDict):
    """A document that left beside the one that stays, word by word; of each at most 20,000 words are compared."""

    survivor_id: str
    url: str | None
    left_words: int
    stays_words: int
    shared_words: int
    differences: list[WordsApart]


class ItemHeld(TypedDict):
    """A text of an item of an evaluation set that a document holds: a `share` of its n-grams.

    `items`: how many items of the set have this text, of which `item` is the first; `run_words`: of the longest
    passage in common, which begins with `passage`.
    """

    set: str
    item: str
    field: str
    items: int
    share: float
    threshold: float
    run_words: int
    passage: str


class WayThrough(TypedDict):
    """A document's way through a corpus. `left` null: kept. `beside`: the document that stays instead.

    It is null where there is none, or none to show: of documents held out nothing is. `items`: what it holds of
    evaluation sets that the recipe names.
    """

    corpus: str
    directory: str
    left: Left | None
    survivor_url: str | None
    beside: Beside | None
    items: list[ItemHeld]
    steps: list[StepMet]


class DocumentExplained(TypedDict):
    """A document and what became of it."""

    document: Document
    ways: list[WayThrough]


class Explained(TypedDict):
    """`maslin explain`: `matching` documents, and `matching_left` that left at ingest, of which the first are here."""

    query: str
    matching: int
    matching_left: int
    documents: list[DocumentExplained]
    left_at_ingest: list[Left]


class SourceCounted(TypedDict):
    """`removed`: records that became no document, by cause."""

    name: str
    unit: str
    read: int
    documents: int
    removed: dict[str, int]


class RuleCounted(TypedDict):
    """A rule in sequence and alone, see docs/explaining.md. `seen`: documents that its step saw."""

    step_index: int
    step: str
    rule: str
    condition: str
    seen: int
    documents: int
    bytes: int
    alone_documents: int
    alone_bytes: int
    unknown_documents: int


class ClustersOfSize(TypedDict):
    """Clusters of `least` to `most` documents, the ones that stay counted: how many, of how many documents."""

    least: int
    most: int
    clusters: int
    documents: int


class DuplicateShown(TypedDict):
    """A document that left for a cluster's survivor; `text`: how it begins."""

    id: str
    similarity: float | None
    text: str


class ClusterShown(TypedDict):
    """`documents`: with the survivor; `text`: how that begins. `closed`: something is held out, so no text is told."""

    survivor_id: str
    documents: int
    closed: bool
    text: str | None
    duplicates: list[DuplicateShown]


class Banding(TypedDict):
    """Pairs that share one of `bands`, of `rows` values each, are candidates: of similarity s, 1 − (1 − s^rows)^bands.

    `threshold`: the similarity that the bands are for; a candidate leaves by its `measure`, from `least` on.
    """

    bands: int
    rows: int
    threshold: float
    measure: str
    least: float


class Deduplicated(TypedDict):
    """A deduplication by text. `banding`: null where equal texts alone are duplicates."""

    step_index: int
    step: str
    sizes: list[ClustersOfSize]
    largest: list[ClusterShown]
    banding: Banding | None


class CorpusFunnel(TypedDict):
    """Bytes are of extracted texts; `text_bytes`: what edits left of those kept.

    `deduplications`: those that took anything away.
    """

    corpus: str
    directory: str
    read: int
    read_bytes: int
    kept: int
    kept_bytes: int
    text_bytes: int
    rules: list[RuleCounted]
    deduplications: list[Deduplicated]


class FunnelCounted(TypedDict):
    """`maslin funnel`: `page`: the file it is drawn in."""

    sources: list[SourceCounted]
    corpora: list[CorpusFunnel]
    page: str


class DocumentSampled(TypedDict):
    """`text`: as the corpus has it, or as the step met it at which the document left."""

    document: Document
    left: Left | None
    edits: list[Edited]
    text: str


class CorpusSampled(TypedDict):
    """`total`: documents there are to draw from."""

    corpus: str
    directory: str
    total: int
    documents: list[DocumentSampled]


class Sampled(TypedDict):
    """`maslin sample`: `drawn_from`: kept, dropped by … or edited by …"""

    drawn_from: str
    seed: int
    corpora: list[CorpusSampled]


class RuleDeclared(TypedDict):
    """`formula`: what it drops; `threshold`: the default, where it has one."""

    rule: str
    formula: str
    threshold: float | None


class StepDeclared(TypedDict):
    """A curation step and where it was published."""

    step: str
    sources: str
    rules: list[RuleDeclared]


class RulesListed(TypedDict):
    """`maslin rules`."""

    steps: list[StepDeclared]
    presets: list[str]


class RuleTried(TypedDict):
    """Documents that a rule drops: `now`, and `then`, from the least to the most; null: only a build tells."""

    step_index: int
    step: str
    rule: str
    now: int
    then_least: int | None
    then_most: int | None


class CorpusTried(TypedDict):
    """A corpus as it is and as it would be. `changes`: parameters, old → new; without any, `then` is null.

    `passing`: documents that no per-document rule drops: kept, or duplicates. `unknown`: documents that stored signals
    do not tell of, by reason; of the `open` ones texts tell, and `judged_again` of them were judged. Of the documents
    kept now `surely_leaving` would go, and `surely_arriving` others would stay.
    """

    corpus: str
    directory: str
    changes: list[str]
    notes: list[str]
    read: int
    rules: list[RuleTried]
    line_deduplication_most: int
    passing_now: int
    passing_then_least: int | None
    passing_then_most: int | None
    kept_now: int
    kept_then_least: int | None
    kept_then_most: int | None
    unknown: dict[str, int]
    open: int
    judged_again: int
    surely_leaving: int
    surely_arriving: int


class RulesTried(TypedDict):
    """`maslin rules try`."""

    corpora: list[CorpusTried]


class PairsFound(TypedDict):
    """Pairs of a similarity from `least` to less than `most`, `due` of them to leave, `found` of those that did.

    `foretold`: the share of them that the curve of the bands foretells, with its 95 % binomial interval; null: none
    is due.
    """

    least: float
    most: float
    pairs: int
    due: int
    found: int
    foretold: float | None
    foretold_least: float | None
    foretold_most: float | None


class WronglyMerged(TypedDict):
    """A planted document that left for one that it is not like: `value` is below what the step asks for."""

    document: str
    survivor: str
    value: float


class SearchMeasured(TypedDict):
    """What a near_dedup found of planted duplicates.

    Of the `drawn` documents `cut` were cut for their length, `short` have fewer words than a shingle, and `alike` left
    for another one drawn: the copies of these two are not counted. `elsewhere`: copies that rightly left for another
    document than their own. `merged`: of the `pages` of `templates`, those that left. `whole`: all pairs together.
    """

    corpus: str
    directory: str
    step_index: int
    banding: Banding
    drawn: int
    cut: int
    short: int
    alike: int
    elsewhere: int
    wrong: list[WronglyMerged]
    templates: int
    pages: int
    merged: int
    by_similarity: list[PairsFound]
    whole: PairsFound


class RecallMeasured(TypedDict):
    """`maslin rules recall`."""

    seed: int
    searches: list[SearchMeasured]


class Optimum(TypedDict):
    """The best model and tokens of a budget, by a published fit."""

    fit: str
    flop: float
    parameters: float
    tokens: float
    loss_nats: float


class Interval(TypedDict):
    """An estimate with its 95 % interval."""

    estimate: float
    low: float
    high: float


class OwnFit(TypedDict):
    """A fit of the workspace's own runs on a mixture, L(N, D) = E + A / N^α + B / D^β, and the best split by it."""

    mixture: str
    runs: int
    flop: float
    largest_flop: float
    extrapolated: bool
    optimum: dict[str, Interval]
    fit: dict[str, Interval]


class EpochsWanted(TypedDict):
    """How often a corpus repeats in so many tokens of a mixture; null where it is not tokenized yet."""

    mixture: str
    corpus: str
    share: float
    max_epochs: float
    tokens_wanted: float
    tokens_there: int | None
    epochs: float | None
    tokens_lacking: float | None


class Planned(TypedDict):
    """`maslin plan`: `own_fits` with `--from-runs`, else `optima`; `epochs` with a recipe."""

    optima: list[Optimum]
    extrapolated: bool
    nearest_size: str | None
    own_fits: list[OwnFit]
    epochs: list[EpochsWanted]
    page: str | None


class Generated(TypedDict):
    """`maslin generate`: `text` is what the model goes on with, or its answer."""

    run: str
    prompt: str
    text: str


class DirectorySpared(TypedDict):
    """A directory that no recipe needs. `written`: the day something in it last was."""

    directory: str
    disk_bytes: int
    written: str


class Cleaned(TypedDict):
    """`maslin clean`: `removed`: whether they were, as with `--yes`; `unfinished_kept`: how many interrupted ones stay.
    """

    workspace: str
    directories: list[DirectorySpared]
    removed: bool
    unfinished_kept: int


class SetUp(TypedDict):
    """`maslin setup`: the notices of the models, what was compared, and how many kernels were compiled."""

    notices: list[str]
    checked: str
    compiled: int


class Completion(TypedDict):
    """`maslin completion`."""

    shell: str
    script: str

"""A trained ranker, from the file of conversations to what an agent is shown."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from cuebox.core.conversation import Turn
from cuebox.core.errors import DataError, GoldenMismatch, InvalidRequest, ModelError
from cuebox.core.manifest import Golden
from cuebox.core.ports import ReplyPredictor
from cuebox.core.text import TextSettings
from cuebox.kinds.reply import KIND
from cuebox.kinds.reply.answers.answer_list import Answer
from cuebox.kinds.reply.answers.recognise import Recogniser
from cuebox.kinds.reply.arrays import ARRAYS_FILE, LISTS_FILE
from cuebox.kinds.reply.conversations.reading import Conversation, read_conversations
from cuebox.kinds.reply.conversations.source import ConversationSource
from cuebox.kinds.reply.examples import count_templates, examples_of
from cuebox.kinds.reply.export import load_folder
from cuebox.kinds.reply.pipeline import Built, build, publish_built
from cuebox.kinds.reply.predict import ReplyPredictor as Predictor
from cuebox.kinds.reply.ranking.offer_list import OfferList
from cuebox.store import open_store
from cuebox.training.progress import SilentProgress
from tests.unit.kinds.reply.ranking_world import (
    WordEmbedder,
    ask,
    settings,
    turns_of,
    write_conversations,
)

if TYPE_CHECKING:
    from pathlib import Path


def run_build(folder: Path, **changes: object) -> Built:
    return build(
        settings(**changes),
        open_store(str(folder / "store")),
        WordEmbedder(),
        base=folder,
        runs=folder / "runs",
        progress=SilentProgress(),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop")
    write_conversations(path / "turns.jsonl")
    return path


@pytest.fixture(scope="module")
def built(folder: Path) -> Built:
    return run_build(folder)


@pytest.fixture
def predictor(built: Built) -> Predictor:
    return load_folder(built.manifest, built.folder)


def listed(predictor: Predictor, *added: Answer) -> Predictor:
    """The same tower with more answers on its list, nothing trained."""
    offers = predictor.offers
    answers = [*offers.answers, *added]
    embeddings = WordEmbedder()([answer.text for answer in answers], TextSettings())
    return Predictor(
        predictor.manifest, predictor.body, OfferList(answers, embeddings, offers._tower)
    )


def test_the_next_message_is_first_for_conversations_never_seen(built: Built) -> None:
    assert built.split == "test"
    assert built.manifest.metrics["exact_at_1"] >= 0.9
    assert built.manifest.metrics["exact_at_3"] >= built.manifest.metrics["exact_at_1"]


def test_a_version_is_published_and_promoted_when_its_gates_pass(
    built: Built, folder: Path
) -> None:
    store = open_store(str(folder / "other"))
    embed = WordEmbedder()
    model, tokenizer = store.put_bytes(b"m"), store.put_bytes(b"t")
    spec = msgspec.structs.replace(embed.spec, model=model, tokenizer=tokenizer)
    files = built.manifest.files | {
        name: {embed.spec.model: model, embed.spec.tokenizer: tokenizer}.get(ref, ref)
        for name, ref in built.manifest.files.items()
    }
    manifest = msgspec.structs.replace(built.manifest, encoder=spec, files=files)
    published, promoted = publish_built(replace(built, manifest=manifest), store)
    assert promoted
    assert store.aliases("shop")["production"].version == published.version
    loaded = KIND.load(published, lambda name: store.read(published.files[name]))
    assert isinstance(loaded, ReplyPredictor)
    assert loaded.completion == "agent"


def test_slots_are_filled_from_the_newest_lookup(predictor: Predictor) -> None:
    best = ask(predictor, turns_of(7, 4))[0]
    assert best.text == "The Ro sofa costs 17 credits. Shall I order it?"
    assert [best.text[slot.start : slot.end] for slot in best.slots] == ["Ro sofa", "17"]
    assert best.score > 0.5


def test_typed_letters_bring_up_what_begins_with_them(predictor: Predictor) -> None:
    turns = turns_of(7, 4)
    assert ask(predictor, turns, "Than")[0].text == "Thank you and goodbye."
    assert ask(predictor, turns, "thnak yo")[0].text == "Thank you and goodbye."
    assert ask(predictor, turns, "The Ro sofa costs 1")[0].text.startswith("The Ro sofa costs 17")


def test_a_reply_is_found_by_what_was_meant(predictor: Predictor) -> None:
    replies = ask(predictor, turns_of(7, 4), "goodbye and thank you ")
    assert replies[0].text == "Thank you and goodbye."


def test_a_draft_that_fits_nothing_makes_every_reply_unlikely(predictor: Predictor) -> None:
    turns = turns_of(7, 1)
    sure = ask(predictor, turns)[0].score
    assert ask(predictor, turns, "Zxqy wv")[0].score < sure


def test_nothing_after_the_turn_matters(folder: Path) -> None:
    source = ConversationSource(path="turns.jsonl")
    conversations = list(read_conversations(source, base=folder))
    recogniser = Recogniser(count_templates(conversations, at_least=2))
    rng = random.Random(3)
    for conversation in conversations[:8]:
        before = list(examples_of(conversation, recogniser))
        for place, example in enumerate(before):
            cut = len(example.turns) + 1
            later = list(conversation.turns[cut:])
            rng.shuffle(later)
            mixed = Conversation("mixed", "test", (*conversation.turns[:cut], *later))
            again = list(examples_of(mixed, recogniser))[place]
            assert again.context.signs == example.context.signs
            assert again.context.texts == example.context.texts
            assert (again.context.weights == example.context.weights).all()
            assert again.answer == example.answer


def test_training_reads_what_serving_reads(predictor: Predictor, folder: Path) -> None:
    conversations = read_conversations(ConversationSource(path="turns.jsonl"), base=folder)
    recogniser = Recogniser(predictor.offers.answers)
    for example in examples_of(next(conversations), recogniser):
        served = predictor._remember(example.turns).context
        assert served.signs == example.context.signs
        assert served.texts == example.context.texts


def test_an_answer_is_added_without_training(predictor: Predictor) -> None:
    more = listed(predictor, Answer(id="new", text="We deliver to {city} on Fridays."))
    turns = [*turns_of(7, 4), Turn(role="user", text="on which days do you deliver?")]
    reply = ask(more, turns, "We del")[0]
    assert reply.answer == "new"
    assert reply.text == "We deliver to {city} on Fridays."
    assert [slot.filled for slot in reply.slots] == [False]
    assert [one.text for one in ask(more, turns_of(7, 1), k=1)] == [
        one.text for one in ask(predictor, turns_of(7, 1), k=1)
    ]


def test_the_same_message_is_shown_once(predictor: Predictor) -> None:
    answers = predictor.offers.answers
    copies = [Answer(id=f"copy {n}", text=one.text) for n, one in enumerate(answers)]
    shouted = [Answer(id=f"loud {n}", text=one.text.upper() + "!") for n, one in enumerate(answers)]
    plain = [one for one in shouted if "{" not in one.text]
    replies = ask(listed(predictor, *copies, *plain), turns_of(7, 4), k=50)
    says = ["".join(filter(str.isalnum, one.text.casefold())) for one in replies]
    assert len(says) == len(set(says))


def test_more_replies_than_answers_gives_all_of_them(predictor: Predictor) -> None:
    replies = ask(predictor, turns_of(7, 4), k=1000)
    assert len(replies) == len(predictor.labels)
    assert [one.score for one in replies] == sorted((one.score for one in replies), reverse=True)
    assert sum(one.score for one in replies) <= 1 + 1e-6


def test_what_is_typed_out_is_not_offered(predictor: Predictor) -> None:
    message = "Thank you and goodbye."
    assert message not in [one.text for one in ask(predictor, turns_of(7, 8), message, k=10)]


def test_an_empty_conversation_has_replies_too(predictor: Predictor) -> None:
    assert predictor.texts([], "") == []
    assert len(ask(predictor, [])) == 3


def test_five_hundred_turns_cost_no_more_embeddings_than_twenty(predictor: Predictor) -> None:
    long = [turn for number in range(56) for turn in turns_of(number, 9)]
    assert len(long) >= 500
    assert len(predictor.texts(long, "")) <= 12
    assert len(ask(predictor, [*long, *turns_of(7, 4)], "The")) == 3


@pytest.mark.parametrize(
    "text",
    [
        "{", "}}{{", "{name}", "{{price}}", "\u0000\u0007\u200b", "x" * 100_000,
        "\ud800", "где мой заказ? 東京 🙂 ça marche", "\u202eevil", "%s%n $(rm) ../../", "\n\n\t",
    ],
)  # fmt: skip
def test_hostile_text_is_only_text(predictor: Predictor, text: str) -> None:
    if text == "\ud800":
        # JSON cannot carry half a surrogate pair; who gets one past it learns that it is bad.
        with pytest.raises(UnicodeEncodeError):
            predictor.texts([Turn(role="user", text=text)], "")
        return
    turns = [
        Turn(role="user", text=text),
        Turn(role="agent", text=text),
        Turn(role="tool", text=text, facts={text: text, "Price": text}),
    ]
    for draft in ("", "Th", text):
        assert len(ask(predictor, turns, draft)) == 3


def test_the_same_keystroke_gives_the_same_answer(predictor: Predictor, built: Built) -> None:
    turns = turns_of(7, 4)
    fresh = [ask(load_folder(built.manifest, built.folder), turns, draft) for draft in ("", "T")]
    kept = [ask(predictor, turns, draft) for draft in ("", "T")]
    assert [ask(predictor, turns, draft) for draft in ("", "T")] == kept == fresh


def test_coverage_gives_thresholds_that_fall(predictor: Predictor) -> None:
    limits = [predictor.min_score(coverage) for coverage in (0.05, 0.3, 0.8, 1.0)]
    assert limits == sorted(limits, reverse=True)
    bare = Predictor(
        predictor.manifest, msgspec.structs.replace(predictor.body, coverage=[]), predictor.offers
    )
    with pytest.raises(InvalidRequest, match="never measured"):
        bare.min_score(0.5)


def test_goldens_are_repeated_and_another_encoder_is_noticed(
    built: Built, predictor: Predictor
) -> None:
    content = (built.folder / "goldens.json").read_bytes()
    goldens = msgspec.json.decode(content, type=list[Golden])
    assert goldens
    for golden in goldens:
        text = predictor.prepare(golden.input)
        output = WordEmbedder()([text], TextSettings())[0]
        predictor.check(golden, output)
    with pytest.raises(GoldenMismatch):
        predictor.check(goldens[0], -WordEmbedder()([goldens[0].input], TextSettings())[0])
    with pytest.raises(GoldenMismatch):
        predictor.check(msgspec.structs.replace(goldens[0], expected=[0.0]), output)


def test_wrong_embeddings_and_k_are_refused(predictor: Predictor) -> None:
    with pytest.raises(InvalidRequest, match="embeddings"):
        predictor.rank(turns_of(7, 4), "", np.zeros((0, 64), np.float32), 3)
    with pytest.raises(InvalidRequest, match="k is 0"):
        ask(predictor, [], k=0)


def test_damaged_files_are_refused(built: Built) -> None:
    def load(changed: str, content: bytes) -> None:
        KIND.load(
            built.manifest,
            lambda name: content if name == changed else (built.folder / name).read_bytes(),
        )

    for content in (b"", b"{}", b"\x00" * 64):
        for name in (ARRAYS_FILE, LISTS_FILE):
            with pytest.raises(ModelError):
                load(name, content)


def test_a_reviewed_list_decides_what_is_offered(folder: Path) -> None:
    rows = "id,status,text\na,accepted,Thank you and goodbye.\nb,rejected,It is ordered.\n"
    (folder / "list.csv").write_text(rows, encoding="utf-8")
    built = run_build(folder, name="reviewed", answers={"file": "list.csv"})
    assert load_folder(built.manifest, built.folder).labels == ["a"]


def test_a_list_that_nobody_ever_said_cannot_be_learnt(folder: Path) -> None:
    (folder / "odd.csv").write_text("id,status,text\na,accepted,Never said.\n", encoding="utf-8")
    with pytest.raises(DataError, match="nothing to learn"):
        run_build(folder, name="odd", answers={"file": "odd.csv"})

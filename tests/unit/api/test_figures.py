from __future__ import annotations

from cuebox.api.figures import FigureName, figure_names


def test_the_figure_that_says_most_comes_first() -> None:
    names = ["perplexity", "exact_match_2", "exact_match_1", "bits_per_byte", "exact_match_1_of_3"]
    assert [each.name for each in figure_names(names)] == [
        "exact_match_1", "exact_match_1_of_3", "perplexity", "bits_per_byte", "exact_match_2",
    ]  # fmt: skip
    assert [each.name for each in figure_names(["ece", "x", "accuracy", "ece"])] == [
        "accuracy", "ece", "x",
    ]  # fmt: skip


def test_what_they_are_called() -> None:
    known = {each.name: each for each in figure_names([
        "accuracy", "log_loss", "exact_match_1", "exact_match_2_of_3", "exact_at_3",
        "exact_at_1.free.draft_5", "milliseconds_8_tokens", "bits_per_character.star",
        "label_cardinality",
    ])}  # fmt: skip
    assert known["accuracy"] == FigureName(
        "accuracy", "Accuracy", "texts given the right label", "percent", "higher"
    )
    assert (known["log_loss"].unit, known["log_loss"].better) == ("number", "lower")
    assert known["label_cardinality"].better == "neither"
    told = {name: (each.title, each.meaning, each.unit) for name, each in known.items()}
    assert told["exact_match_1"] == ("Next word right", "first suggestion", "percent")
    assert told["exact_match_2_of_3"] == ("Next 2 words right", "among 3 suggestions", "percent")
    assert told["exact_at_3"] == (
        "Right reply among 3", "of those picked from the list", "percent",
    )  # fmt: skip
    assert told["exact_at_1.free.draft_5"] == (
        "Right reply first", "of those not in the list, 5 letters typed", "percent",
    )  # fmt: skip
    assert told["milliseconds_8_tokens"] == (
        "Time for 8 tokens", "one text alone", "milliseconds",
    )  # fmt: skip
    assert told["bits_per_character.star"] == ("bits per character, star", "", "number")

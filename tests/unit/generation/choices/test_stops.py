"""Stop texts: found where the first begins, and nothing of them is ever sent."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.generation.choices.stops import Stops

few = st.text(alphabet="ab\n", max_size=12)
stops = st.lists(st.text(alphabet="ab\n", min_size=1, max_size=4), max_size=4)


@settings(deadline=None, max_examples=200)
@given(few, stops, st.lists(st.integers(1, 4), max_size=8))
def test_a_growing_text_is_searched_as_a_whole(
    text: str, texts: list[str], steps: list[int]
) -> None:
    seen, found, rule = 0, None, Stops(texts)
    for step in [*steps, len(text)]:
        end = min(seen + step, len(text))
        found = rule.find(text[:end], seen)
        seen = end
        if found is not None:
            break
    grown = text[:seen]
    places = [grown.find(one) for one in texts if one in grown]
    assert found == (min(places) if places else None)


@settings(deadline=None, max_examples=200)
@given(few, few, stops)
def test_what_is_sure_stays_whatever_follows(text: str, more: str, texts: list[str]) -> None:
    rule = Stops(texts)
    if rule.find(text, 0) is None:
        found = rule.find(text + more, 0)
        assert found is None or found >= rule.sure(text)


def test_what_cannot_begin_a_stop_is_not_held() -> None:
    assert Stops(["\n\n", "User:"]).sure("Hello, Us") == len("Hello, ")
    assert Stops(["\n\n", "User:"]).sure("Hello, Usa") == len("Hello, Usa")
    assert Stops([]).sure("Hello") == 5

"""Texts whose log-probabilities are recorded at export and repeated before a version serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.manifest import Golden

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.ports import DecoderTokenizer
    from cuebox.training.decoder_reader import DecoderReader

__all__ = ["GOLDEN_TEXTS", "record_goldens"]

# Prose and talk, digits, code, accents, other scripts, symbols, white space.
GOLDEN_TEXTS = (
    "Once upon a time there was a little girl who lived at the edge of a great forest.",
    "Thank you for calling. How may I help you today?",
    "I'd like to change the delivery address of order #48213, please.",
    "It was the 3rd of May, 1887, and at 7.30 p.m. the rain hadn't stopped.",
    "def add(a, b):\n    return a + b\n",
    "Ça marche déjà très bien, merci beaucoup à toute l'équipe.",
    "Wo ist meine Bestellung? Ich warte seit über einer Woche.",
    "支付失败了 — मेरा ऑर्डर कहाँ है?",
    "great service 👍🏽 5 ★   would buy again\t\n",
)
# Long enough to reach into further blocks of keys and values, short enough to start quickly.
_MOST_TOKENS = 64


def record_goldens(
    reader: DecoderReader, tokenizer: DecoderTokenizer, texts: Sequence[str] = GOLDEN_TEXTS
) -> list[Golden]:
    """The log-probability of each token of each text but the first, text by text.

    Texts of a single token say nothing and are left out; of long ones the beginning is taken.
    """
    most = min(_MOST_TOKENS, reader.context)
    goldens = []
    for text in texts:
        shown, tokens = _beginning(text, tokenizer, most)
        if len(tokens) > 1:
            logprobs = reader.logprobs(tokens)
            goldens.append(Golden(shown, [round(float(value), 5) for value in logprobs]))
    return goldens


def _beginning(text: str, tokenizer: DecoderTokenizer, most: int) -> tuple[str, list[int]]:
    """As much of the text as `most` tokens hold, and these."""
    tokens = tokenizer.encode(text)
    while len(tokens) > most:
        # Tokens are not equally long, so one cut may not be enough.
        text = text[: len(text) * most // (len(tokens) + 1)]
        tokens = tokenizer.encode(text)
    return text, tokens

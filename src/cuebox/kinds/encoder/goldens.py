"""Texts whose embeddings are recorded at export and repeated before a version takes traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.manifest import Golden
from cuebox.core.text import TextSettings, normalize_text

if TYPE_CHECKING:
    from cuebox.training.parity import Embed

__all__ = ["GOLDEN_TEXTS", "record_goldens"]

# Short and long, cased, accented, in other scripts, with symbols, and longer than is read.
GOLDEN_TEXTS = (
    "hi",
    "Where is my new card?",
    "I'd like to change the delivery address of order #48213, please.",
    "PLEASE CANCEL MY FLIGHT!!!",
    "what's the exchange rate for euros on a weekend",
    "Ça marche déjà très bien, merci beaucoup à toute l'équipe",
    "Wo ist meine Bestellung? Ich warte seit über einer Woche.",
    "支付失败了",
    "मेरा ऑर्डर कहाँ है",
    "great service 👍🏽 5 ★ would buy again",
    "a\u200bb\u00a0c\tend\n",
    "my card was charged twice and nobody answers the phone at the branch " * 40,
)


def record_goldens(embed: Embed, text: TextSettings) -> list[Golden]:
    """Embed each text alone, as the server does on replay."""
    vectors = embed([normalize_text(each, text) for each in GOLDEN_TEXTS], 1)
    return [
        Golden(each, [round(float(value), 6) for value in vector])
        for each, vector in zip(GOLDEN_TEXTS, vectors, strict=True)
    ]

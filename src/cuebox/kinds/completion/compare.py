"""An exported language model against the checkpoint it was made from."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cuebox.core.decoder import DECODER_TOKENIZER_FILE, DECODER_WEIGHTS_FILE
from cuebox.core.errors import ModelError
from cuebox.kinds.completion.export_settings import MOST_GROWTH
from cuebox.training.decoder_export import export_decoder
from cuebox.training.decoder_parity import (
    DecoderAgreement,
    DecoderLimits,
    check_agreement,
    check_equal,
    compare_decoders,
    text_windows,
)
from cuebox.training.decoder_reader import DecoderReader
from cuebox.training.decoder_source import find_decoder_folder
from cuebox.training.decoder_torch import TorchDecoder
from cuebox.training.torch_reference import torch_is_installed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.ports import DecoderTokenizer, OpenDecoder
    from cuebox.kinds.completion.engine import Engine
    from cuebox.kinds.completion.export_settings import CompletionExportSettings
    from cuebox.training.decoder_source import DecoderSource
    from cuebox.training.progress import Progress

__all__ = ["compare", "opened"]

# Against torch: tokens of text, and prompts with as many greedy tokens each.
_EXACT_TOKENS, _PROMPTS, _PROMPT_TOKENS, _GREEDY_TOKENS = 256, 2, 8, 32


@contextmanager
def opened(
    spec: DecoderSpec, folder: Path, open_decoder: OpenDecoder
) -> Iterator[tuple[DecoderTokenizer, DecoderReader]]:
    """The exported files below `folder`, opened with the engine that serves them."""
    tokenizer, model = open_decoder(
        spec, folder / DECODER_WEIGHTS_FILE, folder / DECODER_TOKENIZER_FILE
    )
    try:
        yield tokenizer, DecoderReader(model)
    finally:
        model.close()


def compare(
    settings: CompletionExportSettings,
    source: DecoderSource,
    exported: tuple[DecoderSpec, Path],
    served: DecoderReader,
    texts: Sequence[Sequence[int]],
    engine: Engine,
    progress: Progress,
) -> list[DecoderAgreement]:
    """Float32 against torch, and what is served against float32.

    Args:
        exported: the spec, and the folder of its files.
        served: these files, opened as the server does.
        texts: held-out texts as token ids.

    Returns:
        The comparisons made; the last is about what is served.

    Raises:
        ParityError: float32 is not what torch computes, or quantisation costs too much.
        ModelError: torch was asked for and cannot read the source.
    """
    if settings.reference == "none":
        return []
    folder = _torch_folder(settings)
    windows = text_windows(
        texts, context=source.shape.context, bos=source.bos, most=settings.tokens
    )
    if not windows:
        raise ModelError("the held-out text has fewer than two tokens: give more of it")
    agreements = []
    with (
        _float32(source, exported, progress) as (spec, files),
        opened(spec, files, engine.open_exact) as (_, exact),
    ):
        if folder is not None:
            agreements.append(_against_torch(folder, exact, windows, progress))
        names = ("float32", f"served {settings.quantization}")
        with progress.stage(" against ".join(reversed(names)), len(windows)) as step:
            agreements.append(compare_decoders(exact, served, windows, names=names, step=step))
    growth = settings.max_growth
    limits = DecoderLimits(growth=MOST_GROWTH[settings.quantization] if growth is None else growth)
    check_agreement(agreements[-1], limits)
    return agreements


@contextmanager
def _float32(
    source: DecoderSource, exported: tuple[DecoderSpec, Path], progress: Progress
) -> Iterator[tuple[DecoderSpec, Path]]:
    """The model before quantisation: the exported one, where that is not quantised."""
    if exported[0].quantization == "float32":
        yield exported
        return
    with TemporaryDirectory() as scratch:
        with progress.stage("export float32", len(source.tensors)) as step:
            spec = export_decoder(source, Path(scratch), quantization="float32", step=step)
        yield spec, Path(scratch)


def _torch_folder(settings: CompletionExportSettings) -> Path | None:
    """The checkpoint for transformers to load; None where it is not the reference."""
    readable = not settings.source.endswith(".bin")
    if settings.reference == "torch" and not readable:
        raise ModelError(f"{settings.source}: transformers does not read llama2.c files")
    if settings.reference == "float32" or not readable:
        return None
    if settings.reference == "auto" and not torch_is_installed():
        return None
    return find_decoder_folder(settings.source)


def _against_torch(
    folder: Path, exact: DecoderReader, windows: Sequence[Sequence[int]], progress: Progress
) -> DecoderAgreement:
    """Also on texts that torch continues greedily: the same token first is the same text."""
    with progress.stage("float32 against torch", _PROMPTS + 1) as step:
        judge = TorchDecoder(folder)
        room = exact.context - _PROMPT_TOKENS
        written = []
        for window in windows[:_PROMPTS]:
            prompt = window[:_PROMPT_TOKENS]
            written.append(judge.greedy(prompt, min(_GREEDY_TOKENS, room)))
            step(1)
        text = text_windows(windows, context=exact.context, bos=None, most=_EXACT_TOKENS)
        agreement = compare_decoders(judge, exact, [*written, *text], names=("torch", "float32"))
        step(1)
    check_equal(agreement)
    return agreement

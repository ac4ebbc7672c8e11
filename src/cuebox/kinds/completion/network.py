"""The decoder to be trained: transformers' own Llama and GPT-2, from a shape or a checkpoint."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuebox.core.errors import ConfigError, ModelError
from cuebox.training.decoder_source import find_decoder_folder

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from cuebox.kinds.completion.settings import NetworkSettings

__all__ = ["base_folder", "build_network", "save_network"]


def build_network(settings: NetworkSettings, tokenizer: Tokenizer, *, base: Path, seed: int) -> Any:  # noqa: ANN401 - a torch module
    """A network in training mode, float32, output layer tied to the embedding.

    Raises:
        ModelError: torch or transformers is not installed, or the base is no such model.
        ConfigError: the base's window is shorter than `context`.
    """
    try:
        import torch
        import transformers
    except ImportError as error:
        raise ModelError(f"training needs {error.name}: pip install 'cuebox[train]'") from error
    torch.manual_seed(seed)
    if settings.base:
        return _from_checkpoint(settings, tokenizer, base).train()
    config = _config(transformers, settings, tokenizer.get_vocab_size())
    network = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    # Each block adds its output to what comes from below; the sum keeps its size this way.
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight", "c_proj.weight")):
                weight.normal_(0, 0.02 / math.sqrt(2 * settings.layers))
    return network.train()


def base_folder(reference: str, base: Path) -> Path:
    """The folder of a checkpoint: a path from `base`, or `hf:org/name[@revision]`.

    Raises:
        ConfigError: there is none.
    """
    local = not reference.startswith("hf:")
    return find_decoder_folder(str(base / Path(reference).expanduser()) if local else reference)


def save_network(network: Any, tokenizer: Tokenizer, folder: Path) -> None:  # noqa: ANN401
    """Write the HF layout: `config.json`, `model.safetensors` (float32), `tokenizer.json`."""
    network.save_pretrained(folder, safe_serialization=True)
    tokenizer.encode_special_tokens = False
    tokenizer.save(str(folder / "tokenizer.json"))


def _config(transformers: Any, settings: NetworkSettings, vocabulary: int) -> Any:  # noqa: ANN401
    ends = {"bos_token_id": 0, "eos_token_id": 0, "tie_word_embeddings": True, "use_cache": False}
    if settings.architecture == "gpt2":
        return transformers.GPT2Config(
            vocab_size=vocabulary,
            n_positions=settings.context,
            n_embd=settings.dim,
            n_layer=settings.layers,
            n_head=settings.heads,
            n_inner=settings.inner,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            **ends,
        )
    return transformers.LlamaConfig(
        vocab_size=vocabulary,
        max_position_embeddings=settings.context,
        hidden_size=settings.dim,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        intermediate_size=settings.inner,
        rms_norm_eps=1e-5,
        **ends,
    )


def _from_checkpoint(settings: NetworkSettings, tokenizer: Tokenizer, base: Path) -> Any:  # noqa: ANN401
    import torch
    from transformers import AutoModelForCausalLM

    folder = base_folder(settings.base, base)
    try:
        network = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32
        )
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: cannot be loaded: {error}") from error
    if network.config.model_type not in {"llama", "gpt2"}:
        raise ModelError(
            f"{folder}: a {network.config.model_type!r} model; use a llama or gpt2 one"
        )
    if network.config.max_position_embeddings < settings.context:
        raise ConfigError(
            f"network.context {settings.context}: the base sees at most "
            f"{network.config.max_position_embeddings} tokens",
            param="network.context",
        )
    if tokenizer.get_vocab_size() > network.config.vocab_size:
        network.resize_token_embeddings(tokenizer.get_vocab_size())
    network.config.use_cache = False
    return network

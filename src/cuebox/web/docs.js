"use strict";

// Draws /openapi.json. Everything is put in as text, so nothing in the document can be markup.

const at = (id) => document.getElementById(id);

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function inline(text) {
  const parts = text.split(/`([^`]+)`/);
  return parts.map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

function codeBlock(text) {
  const copy = make("button", { type: "button", class: "copy" }, "Copy");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  });
  return make("pre", {}, make("code", {}, text), copy);
}

// The few forms of Markdown that the description uses: headings, tables, paragraphs.
function prose(text) {
  const nodes = [];
  for (const block of text.split(/\n\n+/)) {
    const lines = block.trim().split("\n");
    if (lines[0].startsWith("## ")) {
      const title = lines[0].slice(3);
      nodes.push(make("h2", { class: "tag", id: title.toLowerCase() }, title));
    } else if (lines[0].startsWith("|")) {
      const cells = (line) => line.slice(1, -1).split("|").map((cell) => cell.trim());
      const rows = lines.slice(2).map((line) => make("tr", {}, ...cells(line).map((cell) => make("td", {}, ...inline(cell)))));
      const head = make("tr", {}, ...cells(lines[0]).map((cell) => make("th", {}, cell)));
      nodes.push(make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
    } else if (lines[0]) {
      nodes.push(make("p", {}, ...inline(lines.join(" "))));
    }
  }
  return nodes;
}

const resolve = (api, schema) =>
  schema && schema.$ref ? api.components.schemas[schema.$ref.split("/").pop()] : schema;

function typeName(schema) {
  if (!schema) return "any";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return schema.anyOf.map(typeName).join(" | ");
  if (schema.type === "array") return `list of ${schema.items?.anyOf ? `(${typeName(schema.items)})` : typeName(schema.items)}`;
  if (schema.type === "object" && schema.additionalProperties) return `map of ${typeName(schema.additionalProperties)}`;
  return schema.type || "any";
}

function bounds(schema) {
  const { default: initial, ...rest } = { ...schema.anyOf?.find((choice) => choice.type !== "null"), ...schema };
  schema = { ...rest, default: initial };
  const words = { minimum: "at least", maximum: "at most", minLength: "at least", maxLength: "at most", minItems: "at least", maxItems: "at most" };
  const unit = (key) => (key.endsWith("Length") ? " characters" : key.endsWith("Items") ? " items" : "");
  const found = Object.keys(words).filter((key) => schema[key] !== undefined).map((key) => `${words[key]} ${schema[key]}${unit(key)}`);
  if (schema.default !== undefined && schema.default !== null) found.push(`default ${JSON.stringify(schema.default)}`);
  return found.join(", ");
}

function fields(api, schema) {
  const type = resolve(api, schema);
  if (!type || !type.properties) return make("p", { class: "quiet" }, typeName(schema));
  const required = new Set(type.required || []);
  const rows = Object.entries(type.properties).map(([name, property]) => make("tr", {},
    make("td", { class: "name" }, name, required.has(name) ? "" : "?"),
    make("td", { class: "type" }, typeName(property)),
    make("td", {}, ...inline([property.description, bounds(property)].filter(Boolean).join(" ")))));
  return make("table", {}, make("tbody", {}, ...rows));
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(method, path, body) {
  const lines = [`curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}${location.origin}${path}`];
  if (body !== undefined) lines.push("  -H 'content-type: application/json'", `  -d ${quoted(JSON.stringify(body))}`);
  return lines.join(" \\\n");
}

function operation(api, path, method, what) {
  const body = what.requestBody && what.requestBody.content["application/json"];
  const examples = body && body.examples ? Object.values(body.examples).map((example) => example.value) : [undefined];
  const good = what.responses["200"].content;
  const [kind, answer] = Object.entries(good)[0];
  const failures = Object.entries(what.responses).filter(([status]) => status !== "200");
  return make("article", { class: "operation", id: what.operationId },
    make("div", { class: "line" },
      make("span", { class: `method ${method}` }, method.toUpperCase()),
      make("span", { class: "path" }, path),
      make("h3", {}, what.summary),
      what["x-scope"] ? make("span", { class: "scope" }, `scope ${what["x-scope"]}`) : null),
    what.description ? make("p", {}, ...inline(what.description)) : null,
    ...examples.map((example) => codeBlock(curl(method, path, example))),
    ...(body ? [make("h4", {}, "Request"), fields(api, body.schema)] : []),
    make("details", {}, make("summary", {}, `Answer${kind === "application/json" ? "" : ` (${kind})`} and errors`),
      kind === "application/json" ? fields(api, answer.schema) : null,
      ...(good["text/event-stream"] ? [make("h4", {}, "Streamed"), codeBlock(good["text/event-stream"].example.trim())] : []),
      make("table", {}, make("tbody", {}, ...failures.map(([status, failure]) => make("tr", {},
        make("td", { class: "name" }, status), make("td", {}, failure.description)))))));
}

function draw(api) {
  at("version").textContent = `API reference, version ${api.info.version}`;
  const [about, ...rules] = prose(api.info.description);
  at("about").append(about);
  at("rules").append(...rules);
  const groups = new Map(api.tags.map((tag) => [tag.name, []]));
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, what] of Object.entries(methods)) groups.get(what.tags[0]).push([path, method, what]);
  }
  const contents = at("contents");
  contents.append(make("a", { href: "#try" }, "Try it"));
  for (const [tag, operations] of groups) {
    at("operations").append(make("h2", { class: "tag" }, tag));
    contents.append(make("h4", {}, tag));
    for (const [path, method, what] of operations) {
      at("operations").append(operation(api, path, method, what));
      contents.append(make("a", { href: `#${what.operationId}` }, what.summary));
    }
  }
  contents.append(make("h4", {}, "Rules"), make("a", { href: "#limits" }, "Limits"), make("a", { href: "#errors" }, "Errors"));
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

function headers() {
  const key = at("try-key").value.trim();
  return key ? { authorization: `Bearer ${key}` } : {};
}

async function listModels() {
  const response = await fetch("/v1/models", { headers: headers() });
  at("try-note").textContent = response.status === 401 ? "This server asks for an API key." : "";
  const models = response.ok ? (await response.json()).data : [];
  const shown = models.filter((model) => model.labels.length || model.decoder);
  const chosen = at("try-model").value;
  at("try-model").replaceChildren(
    make("option", { value: "*" }, "every classifier"),
    ...shown.map((model) => make("option", { value: model.id, ...(model.decoder && { "data-completes": "" }) }, model.id)));
  if (shown.some((model) => model.id === chosen)) at("try-model").value = chosen;
}

const SAMPLES = ["my card has not arrived yet", "I would lik"];
const completes = () => "completes" in (at("try-model").selectedOptions[0]?.dataset || {});

// Another kind of model gets another sample, unless the person has written something.
function suggestText() {
  if (SAMPLES.includes(at("try-text").value)) at("try-text").value = SAMPLES[Number(completes())];
}

function question() {
  const model = at("try-model").value || "*", text = at("try-text").value, count = Number(at("try-top").value);
  if (!completes()) return ["/v1/classify", { model, input: text, ...(count >= 1 && { top_k: count }) }];
  return ["/v1/completions", { model, prompt: text, n: Math.max(1, count), max_tokens: 24, temperature: 0.7, stop_at: "sentence" }];
}

const meterRow = (name, what, share, figure) => make("tr", {}, make("td", {}, name), make("td", {}, what),
  make("td", {}, make("meter", { min: 0, max: 1, value: share }), ` ${figure.toFixed(3)}`));

function answerRows(answer) {
  const rows = (answer.choices || []).map((choice) =>
    meterRow(String(choice.index + 1), make("code", {}, choice.text), Math.exp(choice.score), choice.score));
  for (const result of answer.data?.[0]?.results || []) {
    if (result.out_of_scope || !result.labels.length) rows.push(make("tr", {}, make("td", {}, result.model), make("td", {}, result.out_of_scope ? "out of scope" : "no label"), make("td", {})));
    for (const label of result.labels) rows.push(meterRow(result.model, label.label, label.score, label.score));
  }
  return rows;
}

async function send(event) {
  event.preventDefault();
  const [path, body] = question();
  const begun = performance.now();
  const response = await fetch(path, {
    method: "POST", headers: { "content-type": "application/json", ...headers() }, body: JSON.stringify(body),
  });
  const answer = await response.json();
  const server = /total;dur=([\d.]+)/.exec(response.headers.get("server-timing") || "");
  at("try-note").textContent = response.ok
    ? `${(performance.now() - begun).toFixed(1)} ms, ${server ? server[1] : "?"} ms of them in the server`
    : `${response.status}: ${answer.error.message}`;
  at("try-labels").tBodies[0].replaceChildren(...answerRows(answer));
  at("try-curl").replaceChildren(codeBlock(curl("post", path, body)).firstChild);
  at("try-json").textContent = JSON.stringify(answer, null, 2);
  at("try-answer").hidden = false;
}

async function probe() {
  const state = at("state");
  try {
    const answer = await (await fetch("/health/ready")).json();
    state.className = `state ${answer.ready ? "good" : "bad"}`;
    state.textContent = answer.ready ? `ready, ${answer.models} models` : answer.state;
  } catch {
    state.className = "state bad";
    state.textContent = "not reachable";
  }
}

const failed = (error) => { at("try-note").textContent = String(error); };
at("try-form").addEventListener("submit", (event) => { send(event).catch(failed); });
at("try-model").addEventListener("change", suggestText);
at("try-key").addEventListener("change", () => { listModels().catch(failed); });
fetch("/openapi.json").then((response) => response.json()).then(draw).catch(failed);
listModels().catch(failed);
probe();
setInterval(probe, 10000);

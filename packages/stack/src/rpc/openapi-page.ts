import { createHash } from "node:crypto";
import type { JsonObject, JsonValue } from "@skylark/api";
import { escapeHtml } from "./escape-html.ts";

/** The page as HTML, and what browsers may load and run on it: its own style and script, nothing else. */
export interface OpenAPIPage {
  readonly text: string;
  readonly contentSecurityPolicy: string;
}

/** One page with every service, method and schema of an OpenAPI document. It can be read and searched without script. */
export function openAPIPage(document: JsonObject): OpenAPIPage {
  const info = object(document.info);
  const schemas = Object.entries(object(object(document.components).schemas));
  const services = list(document.tags).map((tag) => serviceSection(object(tag), operationsOf(document)));
  const title = escapeHtml(text(info.title));
  const version = escapeHtml(text(info.version));
  const html =
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${title}</title>` +
    `<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head><body>` +
    `<header><h1>${title} <small>${version}</small></h1><p>${prose(text(info.description))}</p>` +
    `<p><a href="openapi.json">The OpenAPI document</a></p>` +
    `<label>Search <input id="search" type="search" placeholder="method, path or type" autocomplete="off"></label>` +
    `<output id="count"></output></header><main><h2>Services</h2>${services.join("")}<h2>Types</h2>` +
    `${schemas.map(([name, schema]) => schemaDetails(name, object(schema))).join("")}</main>` +
    `<script>${script}</script></body></html>\n`;
  const policy = [
    "default-src 'none'",
    `style-src '${digest(style)}'`,
    `script-src '${digest(script)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ];
  return { text: html, contentSecurityPolicy: policy.join("; ") };
}

const style =
  ":root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}body{margin:0 auto;max-width:70rem;padding:1rem}" +
  "header{position:sticky;top:0;background:Canvas;padding:.5rem 0;border-bottom:1px solid #8888}h1{margin:0;font-size:1.4rem}" +
  "h3{margin:1.5rem 0 .2rem}small{font-weight:400;opacity:.7}header p{margin:.2rem 0}input{font:inherit;width:20rem;max-width:100%;padding:.2rem .4rem}" +
  "details{border:1px solid #8886;border-radius:4px;margin:.3rem 0;padding:.2rem .6rem}summary{cursor:pointer;overflow-wrap:anywhere}" +
  "table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;border-bottom:1px solid #8883;padding:.2rem .5rem .2rem 0;overflow-wrap:anywhere}" +
  "code{font:13px/1.4 ui-monospace,monospace}.verb{display:inline-block;min-width:4.2rem;font-weight:700}.later{opacity:.7}.old{text-decoration:line-through}[hidden]{display:none}";

const script =
  '"use strict";const box=document.getElementById("search"),count=document.getElementById("count"),items=[...document.querySelectorAll("[data-find]")],' +
  'groups=[...document.querySelectorAll("section")];function filter(){const words=box.value.toLowerCase().split(/\\s+/).filter(Boolean);let shown=0;' +
  "for(const item of items){const hit=words.every(word=>item.dataset.find.includes(word));item.hidden=!hit;if(hit)shown++}" +
  'for(const group of groups)group.hidden=!group.querySelector("[data-find]:not([hidden])");count.textContent=words.length===0?"":" "+shown+" found"}' +
  'function show(){const target=document.getElementById(decodeURIComponent(location.hash.slice(1)));if(target){if(target.hidden){box.value="";filter()}' +
  'if(target.tagName==="DETAILS")target.open=true;target.scrollIntoView()}}box.addEventListener("input",filter);addEventListener("hashchange",show);filter();show();';

function digest(source: string): string {
  return `sha256-${createHash("sha256").update(source).digest("base64")}`;
}

interface Operation {
  readonly verb: string;
  readonly path: string;
  readonly operation: JsonObject;
}

/** The operations of each method, the first binding first. */
function operationsOf(document: JsonObject): ReadonlyMap<string, readonly Operation[]> {
  const methods = new Map<string, Operation[]>();
  for (const [path, verbs] of Object.entries(object(document.paths))) {
    for (const [verb, value] of Object.entries(object(verbs))) {
      const operation = object(value);
      const method = text(operation.operationId).replace(/_[0-9]+$/, "");
      const known = methods.get(method);
      const entry = { verb: verb.toUpperCase(), path, operation };
      if (known === undefined) methods.set(method, [entry]);
      else known.push(entry);
    }
  }
  for (const operations of methods.values()) {
    operations.sort((a, b) => (text(a.operation.operationId) < text(b.operation.operationId) ? -1 : 1));
  }
  return methods;
}

function serviceSection(tag: JsonObject, methods: ReadonlyMap<string, readonly Operation[]>): string {
  const service = text(tag.name);
  const own = [...methods].filter(([name]) => name.startsWith(`${service}_`));
  const details = own.map(([name, operations]) => methodDetails(name, operations)).join("");
  return (
    `<section id="${escapeHtml(service)}"><h3>${escapeHtml(service)}</h3><p>${prose(text(tag.description))}</p>` +
    `${details}</section>`
  );
}

function methodDetails(name: string, operations: readonly Operation[]): string {
  const [first] = operations;
  if (first === undefined) return "";
  const { operation } = first;
  const [service = "", method = ""] = name.split("_");
  const later = operation["x-skylark-later"];
  const lines = operations.map(
    ({ verb, path }) => `<span class="verb">${verb}</span><code>/api/v3${escapeHtml(path)}</code>`,
  );
  const find = [service, method, ...operations.map(({ path }) => path)].join(" ").toLowerCase();
  return (
    `<details id="${escapeHtml(name)}" data-find="${escapeHtml(find)}"${later === undefined ? "" : ' class="later"'}>` +
    `<summary><b${operation.deprecated === true ? ' class="old"' : ""}>${escapeHtml(method)}</b> ` +
    `${lines.join("<br>")}</summary><p>${prose(text(operation.description))}</p>` +
    (later === undefined ? "" : `<p>Not in this release; it belongs to ${escapeHtml(text(later))}.</p>`) +
    operations.map((each) => parameterTable(each, operations.length > 1)).join("") +
    bodyLine(operation) +
    answerLine(operation) +
    maskDetails(list(operation["x-skylark-field-mask"])) +
    `</details>`
  );
}

function parameterTable({ verb, path, operation }: Operation, isOneOfSeveral: boolean): string {
  const rows = list(operation.parameters).map((value) => {
    const parameter = object(value);
    const schema = parameter.schema ?? object(object(parameter.content)["application/json"]).schema;
    const name = `<code>${escapeHtml(text(parameter.name))}</code>`;
    return row([
      name,
      escapeHtml(text(parameter.in)),
      typeOf(object(schema)),
      prose(text(parameter.description)),
    ]);
  });
  if (rows.length === 0) return "";
  const caption = isOneOfSeveral ? `<p><b>${verb}</b> <code>${escapeHtml(path)}</code></p>` : "";
  return `${caption}<table><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr>${rows.join("")}</table>`;
}

function bodyLine(operation: JsonObject): string {
  const schema = object(object(object(object(operation.requestBody).content)["application/json"]).schema);
  return Object.keys(schema).length === 0 ? "" : `<p>Body: ${typeOf(schema)}</p>`;
}

function answerLine(operation: JsonObject): string {
  const answer = object(object(operation.responses)["200"]);
  const [content] = Object.values(object(answer.content));
  return `<p>Answer: ${typeOf(object(object(content).schema))}. ${prose(text(answer.description))}</p>`;
}

function maskDetails(paths: readonly JsonValue[]): string {
  if (paths.length === 0) return "";
  const codes = paths.map((path) => `<code>${escapeHtml(text(path))}</code>`);
  return `<details><summary>${paths.length} paths of the field mask</summary>${codes.join(" ")}</details>`;
}

function schemaDetails(name: string, schema: JsonObject): string {
  const rows = Object.entries(object(schema.properties)).map(([property, value]) => {
    const field = object(value);
    const old = field.deprecated === true ? ' class="old"' : "";
    return row([`<code${old}>${escapeHtml(property)}</code>`, typeOf(field), prose(text(field.description))]);
  });
  const values = list(schema.enum).map((value) => `<code>${escapeHtml(String(value))}</code>`);
  const id = escapeHtml(`type-${name}`);
  return (
    `<details id="${id}" data-find="${escapeHtml(name.toLowerCase())}"><summary><b>${escapeHtml(name)}</b></summary>` +
    `<p>${prose(text(schema.description))}</p>${values.join(" ")}` +
    (rows.length === 0 ? "" : `<table>${rows.join("")}</table>`) +
    `</details>`
  );
}

function row(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

/** A type in a few words, with links to those that have a name. */
function typeOf(schema: JsonObject): string {
  if (typeof schema.$ref === "string") {
    const name = escapeHtml(schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1));
    return `<a href="#type-${name}">${name}</a>`;
  }
  if (schema.type === "array") return `list of ${typeOf(object(schema.items))}`;
  const { result } = object(schema.properties);
  if (result !== undefined) return `stream of ${typeOf(object(result))}`;
  if (schema.type === "object" && typeof schema.additionalProperties === "object") {
    return `map to ${typeOf(object(schema.additionalProperties))}`;
  }
  return escapeHtml([plainType(schema), ...limits(schema)].join(", "));
}

function plainType(schema: JsonObject): string {
  if (schema.contentEncoding === "base64") return "base64";
  if (Array.isArray(schema.examples)) return `${text(schema.type)} such as ${String(schema.examples[0])}`;
  const format = typeof schema.format === "string" ? ` (${schema.format})` : "";
  return `${text(schema.type) || "any value"}${format}`;
}

function limits(schema: JsonObject): string[] {
  const parts: string[] = [];
  if (typeof schema.maxLength === "number") parts.push(`at most ${schema.maxLength} characters`);
  if (typeof schema.minimum === "number" && schema.minimum !== 0) parts.push(`from ${schema.minimum}`);
  if (typeof schema.maximum === "number") parts.push(`to ${schema.maximum}`);
  if (Array.isArray(schema.enum))
    parts.push(`one of ${schema.enum.map((value) => JSON.stringify(value)).join(" ")}`);
  return parts;
}

/** Words between back-quotes are code; lines stay lines. */
function prose(raw: string): string {
  return escapeHtml(raw)
    .replace(/`([^`]*)`/g, "<code>$1</code>")
    .replaceAll("\n", "<br>");
}

function object(value: JsonValue | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

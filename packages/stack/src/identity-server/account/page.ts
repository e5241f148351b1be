import { createHash } from "node:crypto";
import { escapeHtml } from "../../rpc/escape-html.ts";

declare const trusted: unique symbol;

/** Text that is markup; everything else is escaped where it is put into some. */
export interface Html {
  readonly markup: string;
  readonly [trusted]: true;
}

type Part = Html | string | number | undefined | readonly Html[];

/** Markup around values, which are escaped unless they are markup themselves. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = strings[0] ?? "";
  parts.forEach((part, index) => {
    markup += formatPart(part) + (strings[index + 1] ?? "");
  });
  return { markup } as Html;
}

function formatPart(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string" || typeof part === "number") return escapeHtml(String(part));
  return "markup" in part ? part.markup : part.map((each) => each.markup).join("");
}

/** One page, without scripts and without anything from elsewhere. */
export interface Page {
  readonly title: string;
  readonly body: Html;
  /** Where a form of the page may lead to besides this server, as sources of a policy. */
  readonly formTargets?: readonly string[];
}

const style = `
:root { color-scheme: light dark; --line: #8886; --accent: #0b57d0; }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; padding: 2rem 1rem; }
main { max-width: 34rem; margin: 0 auto; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
label { display: block; font-weight: 600; margin: 1rem 0 .25rem; }
input { font: inherit; width: 100%; padding: .5rem .6rem; border: 1px solid var(--line); border-radius: .3rem; }
button { font: inherit; padding: .5rem 1rem; border: 1px solid var(--accent); border-radius: .3rem;
  background: var(--accent); color: #fff; cursor: pointer; }
button.quiet { background: transparent; color: inherit; border-color: var(--line); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
form.inline { display: inline; }
.actions { margin-top: 1.5rem; display: flex; gap: .75rem; flex-wrap: wrap; }
.problem { border-left: 4px solid #b3261e; padding: .5rem .75rem; margin: 0 0 1rem; }
.note { border-left: 4px solid #1b7f3b; padding: .5rem .75rem; margin: 0 0 1rem; }
.faint { opacity: .75; }
code { font-size: .95em; overflow-wrap: anywhere; }
pre { padding: .75rem; border: 1px solid var(--line); border-radius: .3rem; white-space: pre-wrap; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .4rem .5rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
`;

const styleSource = `'sha256-${createHash("sha256").update(style).digest("base64")}'`;

/** Whoever registers a client chooses its address, and must not write the rest of the policy with it. */
function isPlainSource(source: string): boolean {
  return /^[\w+.:/[\]-]+$/.test(source);
}

/** Nothing runs, nothing is loaded, nothing frames the page. */
export function pagePolicy({ formTargets = [] }: Pick<Page, "formTargets">): string {
  return [
    "default-src 'none'",
    `style-src ${styleSource}`,
    `form-action ${["'self'", ...formTargets.filter(isPlainSource)].join(" ")}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

export function renderPage({ title, body }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body.markup}
</main>
</body>
</html>
`;
}

import { escapeHtml } from "../../rpc/escape-html.ts";

/** A part of a letter; both bodies are made of the same parts, so that neither says less. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  /** Something to copy, such as a token. */
  | { readonly kind: "code"; readonly label: string; readonly value: string }
  | { readonly kind: "link"; readonly label: string; readonly url: string }
  | { readonly kind: "list"; readonly label: string; readonly items: readonly string[] };

/** What a template makes: the words of an e-mail, free of any markup. */
export interface Letter {
  readonly subject: string;
  readonly greeting: string;
  readonly parts: readonly Part[];
}

export interface Bodies {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Lays a letter out as plain text and as HTML. */
export function layOut(letter: Letter, networkName: string): Bodies {
  return {
    subject: oneLine(letter.subject),
    text: [letter.greeting, ...letter.parts.map(textPart), `-- \n${networkName}`, ""].join("\n\n"),
    html: htmlPage(letter, networkName),
  };
}

/** Names and descriptions come from strangers: none of them starts a new line of a header. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function textPart(part: Part): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "code":
      return `${part.label}: ${part.value}`;
    case "link":
      return `${part.label}:\n${part.url}`;
    case "list":
      return [`${part.label}:`, ...part.items.map((item) => `- ${item}`)].join("\n");
  }
}

function htmlPage(letter: Letter, networkName: string): string {
  const body = [`<p>${escapeHtml(letter.greeting)}</p>`, ...letter.parts.map(htmlPart)].join("\n");
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(oneLine(letter.subject))}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 40em; margin: 2em auto; padding: 0 1em">
${body}
<hr>
<p style="color: #666">${escapeHtml(networkName)}</p>
</body>
</html>
`;
}

function htmlPart(part: Part): string {
  switch (part.kind) {
    case "text":
      return `<p>${escapeHtml(part.text).replaceAll("\n", "<br>")}</p>`;
    case "code":
      return `<p>${escapeHtml(part.label)}: <code>${escapeHtml(part.value)}</code></p>`;
    case "link": {
      const label = escapeHtml(part.label);
      return isWebAddress(part.url)
        ? `<p><a href="${escapeHtml(part.url)}">${label}</a></p>`
        : `<p>${label}</p>`;
    }
    case "list": {
      const items = part.items.map((item) => `<li>${escapeHtml(item)}</li>`).join("");
      return `<p>${escapeHtml(part.label)}:</p><ul>${items}</ul>`;
    }
  }
}

/** A link never runs a script, whatever the configuration or a client's redirect address says. */
function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url);
}

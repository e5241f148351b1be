import assert from "node:assert/strict";
import { test } from "node:test";
import { layOut } from "./letter.ts";

test("says the same in plain text and in HTML", () => {
  const { subject, text, html } = layOut(
    {
      subject: "Hello",
      greeting: "Dear Ann,",
      parts: [
        { kind: "text", text: "First." },
        { kind: "code", label: "Token", value: "ABC" },
        { kind: "link", label: "Go there", url: "https://example.com/a?b=1&c=2" },
        { kind: "list", label: "Rights", items: ["ONE", "TWO"] },
      ],
    },
    "My network",
  );
  assert.equal(subject, "Hello");
  assert.equal(
    text,
    "Dear Ann,\n\nFirst.\n\nToken: ABC\n\nGo there:\nhttps://example.com/a?b=1&c=2\n\nRights:\n- ONE\n- TWO\n\n-- \nMy network\n\n",
  );
  assert.match(html, /<p>Dear Ann,<\/p>\n<p>First\.<\/p>\n<p>Token: <code>ABC<\/code><\/p>/);
  assert.match(html, /<a href="https:\/\/example\.com\/a\?b=1&amp;c=2">Go there<\/a>/);
  assert.match(html, /<li>ONE<\/li><li>TWO<\/li>/);
});

test("what strangers wrote becomes no markup, no link and no header", () => {
  const evil = `<img src=x onerror="alert('1')">&`;
  const { subject, html } = layOut(
    {
      subject: "A\r\nBcc: victim@example.com",
      greeting: `Dear ${evil},`,
      parts: [
        { kind: "text", text: evil },
        { kind: "code", label: evil, value: evil },
        { kind: "list", label: evil, items: [evil] },
        { kind: "link", label: evil, url: "javascript:alert(1)" },
        { kind: "link", label: "x", url: `https://example.com/"><script>` },
      ],
    },
    evil,
  );
  assert.equal(subject, "A Bcc: victim@example.com");
  assert.doesNotMatch(html, /<img|<script|javascript:|onerror="/);
  assert.equal(html.match(/&lt;img src=x onerror=&quot;alert\(&#39;1&#39;\)&quot;&gt;&amp;/g)?.length, 8);
  assert.match(html, /href="https:\/\/example\.com\/&quot;&gt;&lt;script&gt;"/);
});

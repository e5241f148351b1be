import assert from "node:assert/strict";
import { test } from "node:test";
import { findRedirectUri, formTargetOf, isOwnPage, localOrigin, redirectLocation } from "./redirect-uris.ts";

test("an address is the registered one, letter by letter", () => {
  const registered = ["https://app.example.com/callback", "myapp:/done", "/console/oauth/callback"];
  for (const uri of registered) assert.equal(findRedirectUri(registered, uri), uri);
  assert.equal(findRedirectUri(registered, ""), registered[0]);
  assert.equal(findRedirectUri([], ""), undefined);
  for (const uri of [
    "https://app.example.com/Callback",
    "myapp:/done/",
    "console/oauth/callback",
    "myapp:",
  ]) {
    assert.equal(findRedirectUri(registered, uri), undefined, uri);
  }
});

test("an address that would run something, or cannot stand in a header, is none even if registered", () => {
  for (const uri of [
    "javascript:alert(1)",
    "data:text/html,x",
    "https://u:p@app.example.com/",
    "https://app.example.com/#x",
    "https://app.example.com/\r\nX: y",
    "https://app.example.com/é",
    "//evil.example",
    "\\\\evil.example",
    "https://",
  ]) {
    assert.equal(findRedirectUri([uri], uri), undefined, uri);
  }
});

test("of loopback addresses the port may differ, and nothing else", () => {
  const registered = ["http://127.0.0.1/cb", "http://[::1]:80/cb"];
  assert.ok(findRedirectUri(registered, "http://127.0.0.1:5000/cb"));
  assert.ok(findRedirectUri(registered, "http://[::1]:5000/cb"));
  for (const uri of [
    "http://127.0.0.1:5000/cb2",
    "http://127.0.0.1:5000/cb?x=1",
    "http://127.0.0.1.evil.example/cb",
    "http://127.0.0.1:5000@evil.example/cb",
    "https://127.0.0.1:5000/cb",
    "http://localhost:5000/cb",
  ]) {
    assert.equal(findRedirectUri(registered, uri), undefined, uri);
  }
});

test("the pages of ours hand codes to the user's own machine", () => {
  const registered = ["local-callback", "code"];
  assert.ok(findRedirectUri(registered, "local-callback?port=4711"));
  assert.equal(findRedirectUri(registered, "local-callback?port=x"), undefined);
  assert.equal(findRedirectUri(registered, "local-callback?port=1&x=2"), undefined);
  assert.equal(findRedirectUri(["code"], "local-callback"), undefined);
  assert.equal(redirectLocation("code", { code: "a b", state: "" }), "/oauth/code?code=a+b");
  assert.equal(
    redirectLocation("local-callback?port=4711", { code: "x" }),
    "/oauth/local-callback?port=4711&code=x",
  );
  assert.equal(redirectLocation("https://a.example/?b=1", { code: "x" }), "https://a.example/?b=1&code=x");
  assert.equal(localOrigin("99999"), "http://localhost:11885");
  assert.equal(localOrigin("0"), "http://localhost:11885");
});

test("a form may lead to where its answer sends the browser", () => {
  assert.deepEqual(formTargetOf("https://app.example.com:8443/cb?x"), ["https://app.example.com:8443"]);
  assert.deepEqual(formTargetOf("local-callback?port=4711"), ["http://localhost:4711"]);
  assert.deepEqual(formTargetOf("myapp:/done"), ["myapp:"]);
  assert.deepEqual(formTargetOf("/console/oauth/callback"), []);
});

test("only the pages for copying and for handing on are our own", () => {
  for (const uri of ["code", "/code", "local-callback", "local-callback?port=4711"])
    assert.ok(isOwnPage(uri), uri);
  for (const uri of ["constructor", "__proto__", "codes", "/console"]) assert.ok(!isOwnPage(uri), uri);
  assert.equal(redirectLocation("constructor", { code: "x" }), "constructor?code=x");
});

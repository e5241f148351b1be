/** Wraps a script so that each call runs its body anew: top-level variables do not live from one message to the next. */
export function factorySource(script: string): string {
  return `(function () {
${script}
;return {
  decodeUplink: typeof decodeUplink === "function" ? decodeUplink : undefined,
  encodeDownlink: typeof encodeDownlink === "function" ? encodeDownlink : undefined,
  decodeDownlink: typeof decodeDownlink === "function" ? decodeDownlink : undefined,
  Decoder: typeof Decoder === "function" ? Decoder : undefined,
  Encoder: typeof Encoder === "function" ? Encoder : undefined,
};
})`;
}

/**
 * Runs inside of the sandbox before the script, so that it holds the built-ins as they were. The answer is a letter
 * and text: `D` and the JSON of data, `W` with warnings before it, `E` and the JSON of an error.
 */
export const bootstrapSource = `(function () {
  "use strict";
  const parse = JSON.parse, stringify = JSON.stringify, keys = Object.keys, isArray = Array.isArray;
  const isInteger = Number.isInteger, text = String, Instant = Date, root = globalThis;

  const failure = (name, message) => "E" + stringify({ name: name, message: message });
  const isObject = (value) => typeof value === "object" && value !== null && !isArray(value);

  function messages(list) {
    if (list === undefined || list === null) return [];
    if (!isArray(list)) return [text(list)];
    const found = [];
    for (let i = 0; i < list.length && i < 100; i++) found[i] = text(list[i]).slice(0, 1000);
    return found;
  }

  function answer(output, data, maxLength) {
    const errors = messages(output.errors);
    if (errors.length > 0) return "E" + stringify({ name: "output_errors", errors: errors });
    const warnings = messages(output.warnings);
    let json = "";
    if (data !== undefined && data !== null) {
      if (!isObject(data)) return failure("output", "data is not an object");
      json = stringify(data);
      if (typeof json !== "string" || json[0] !== "{") return failure("output", "data is not an object");
    }
    if (json.length > maxLength) return failure("output", "data is larger than " + maxLength + " characters of JSON");
    return warnings.length === 0 ? "D" + json : "W" + stringify({ warnings: warnings }) + "\\n" + json;
  }

  function outputOf(output, name) {
    if (!isObject(output)) return failure("output", name + " did not return an object");
    if (typeof output.then === "function") return failure("output", name + " returned a promise");
    return undefined;
  }

  function encoded(bytes, fPort) {
    if (bytes === undefined || bytes === null) return "bytes is missing";
    if (typeof bytes !== "object" || !isInteger(bytes.length)) return "bytes is not an array";
    if (bytes.length > 255) return "more than 255 bytes";
    const list = [];
    for (let i = 0; i < bytes.length; i++) {
      const value = bytes[i];
      if (!isInteger(value) || value < 0 || value > 255) return "byte " + i + " is not a whole number from 0 to 255";
      list[i] = value;
    }
    if (fPort === undefined || fPort === null) return { bytes: list };
    if (!isInteger(fPort) || fPort < 1 || fPort > 255) return "fPort is not a whole number from 1 to 255";
    return { bytes: list, fPort: fPort };
  }

  function decode(script, name, input, maxLength) {
    const uplink = name === "decodeUplink";
    if (uplink && input.recvTime !== undefined) input.recvTime = new Instant(input.recvTime);
    if (script[name] !== undefined) {
      const output = (0, script[name])(input);
      return outputOf(output, name) || answer(output, output.data, maxLength);
    }
    if (!uplink || script.Decoder === undefined) return failure("entrypoint", name);
    const data = (0, script.Decoder)(input.bytes, input.fPort);
    return outputOf(data, "Decoder") || answer({}, data, maxLength);
  }

  function encode(script, input, maxLength) {
    let output;
    if (script.encodeDownlink !== undefined) {
      output = (0, script.encodeDownlink)(input);
      const bad = outputOf(output, "encodeDownlink");
      if (bad !== undefined) return bad;
      if (messages(output.errors).length > 0) return answer(output, undefined, maxLength);
    } else if (script.Encoder !== undefined) {
      output = { bytes: (0, script.Encoder)(input.data, input.fPort) };
    } else return failure("entrypoint", "encodeDownlink");
    const result = encoded(output.bytes, output.fPort);
    return typeof result === "string" ? failure("output", result) : answer(output, result, maxLength);
  }

  return function (factory, maxLength) {
    return function (name, json) {
      // What earlier calls left behind by assigning to undeclared names.
      const left = keys(root);
      for (let i = 0; i < left.length; i++) delete root[left[i]];
      try {
        const input = parse(json);
        const script = factory();
        if (name === "encodeDownlink") return encode(script, input, maxLength);
        return decode(script, name, input, maxLength);
      } catch (error) {
        let message = "unknown error";
        try {
          message = text(error instanceof Error ? error.name + ": " + error.message : error).slice(0, 1000);
        } catch {}
        return failure("runtime", message);
      }
    };
  };
})()`;

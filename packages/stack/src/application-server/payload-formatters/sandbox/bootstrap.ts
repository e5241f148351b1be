const v3Functions = ["decodeUplink", "encodeDownlink", "decodeDownlink"] as const;
/** Those of V2 by the name of their section. */
const v2Functions = {
  decoder: "Decoder",
  converter: "Converter",
  validator: "Validator",
  encoder: "Encoder",
} as const;
const sectionMarker = /^\/\/ v2:(decoder|converter|validator|encoder)$/m;

/**
 * Wraps a script so that each call runs its body anew: top-level variables do not live from one message to the next.
 * Functions of V2 were scripts of their own, with helpers that may have the same names: each section has its scope.
 */
export function factorySource(script: string): string {
  const [first = "", ...sections] = script.split(sectionMarker);
  if (sections.length === 0) return wrapped(script, [...v3Functions, ...Object.values(v2Functions)]);
  // Text before the first marker belongs to its section.
  const parts: string[] = [];
  for (let index = 0; index < sections.length; index += 2) {
    const name = v2Functions[sections[index] as keyof typeof v2Functions];
    const text = (index === 0 ? first : "") + sections[index + 1];
    parts.push(`${wrapped(text, [...v3Functions, name])}(console)`);
  }
  return `(function (console) {
return Object.assign({}, ${parts.join(", ")});
})`;
}

/** Only what is there is a member, so that a section does not hide the functions of another. */
function wrapped(script: string, names: readonly string[]): string {
  const members = names.map((name) => `if (typeof ${name} === "function") found.${name} = ${name};`);
  return `(function (console) {
${script}
;return (function (found) { ${members.join(" ")} return found; })({});
})`;
}

/**
 * Runs inside of the sandbox before the script, so that it holds the built-ins as they were. The answer is a letter
 * and text: `D` and the JSON of data, `W` with warnings before it, `E` and the JSON of an error. What went wrong with
 * a function of V2 is told in V2's words.
 */
export const bootstrapSource = `(function () {
  "use strict";
  const parse = JSON.parse, stringify = JSON.stringify, keys = Object.keys, isArray = Array.isArray;
  const isInteger = Number.isInteger, text = String, Instant = Date, root = globalThis, freeze = Object.freeze;

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

  const ignore = freeze(function () {});
  const quietConsole = freeze({ log: ignore, info: ignore, warn: ignore, error: ignore, debug: ignore });
  const maxLogs = 100, maxLogLength = 1000;

  function shown(value) {
    try {
      const json = stringify(value);
      return typeof json === "string" ? json.slice(0, maxLogLength) : "null";
    } catch (error) {
      return stringify(reasonOf(error));
    }
  }

  /** Keeps what the functions of a dry run write, with the name of the one that runs. */
  function recordingConsole(run) {
    const log = function () {
      if (run.logs.length >= maxLogs) return;
      const fields = [];
      for (let i = 0; i < arguments.length && i < 10; i++) fields[i] = shown(arguments[i]);
      run.logs[run.logs.length] = { function: run.name, fields: fields };
    };
    return { log: log, info: log, warn: log, error: log, debug: log };
  }

  function reasonOf(error) {
    try {
      return text(error instanceof Error ? error.name + ": " + error.message : error).slice(0, 1000);
    } catch {
      return "unknown error";
    }
  }

  const failed = (message) => ({ failure: failure("function", message) });

  /** Calls a function of V2. */
  function callV2(script, run, first, port) {
    try {
      return { value: (0, script[run.name])(first, port) };
    } catch (error) {
      return failed("Internal error: " + run.name + " threw error: " + reasonOf(error));
    }
  }

  function objectOfV2(script, run, name, first, port) {
    run.name = name;
    const called = callV2(script, run, first, port);
    if (called.failure !== undefined) return called;
    const value = called.value;
    // Promises, and what is something else in JSON, such as a Date.
    const isOther = (method) => typeof value[method] === "function";
    const isGood = isObject(value) && !isOther("then") && !isOther("toJSON");
    return isGood ? called : failed(name + " not valid: does not return an object");
  }

  /** What V2 makes of an uplink: Decoder, Converter and Validator, each where there is one. */
  function convertUplink(script, run, input) {
    let fields = null;
    if (script.Decoder !== undefined) {
      const decoded = objectOfV2(script, run, "Decoder", input.bytes, input.fPort);
      if (decoded.failure !== undefined) return decoded;
      fields = decoded.value;
    }
    if (script.Converter !== undefined) {
      const converted = objectOfV2(script, run, "Converter", fields, input.fPort);
      if (converted.failure !== undefined) return converted;
      fields = converted.value;
    }
    if (script.Validator === undefined) return { fields: fields, valid: true };
    run.name = "Validator";
    const validated = callV2(script, run, fields, input.fPort);
    if (validated.failure !== undefined) return validated;
    const valid = validated.value;
    if (typeof valid !== "boolean") return failed("Validator not valid: does not return a boolean");
    return { fields: fields, valid: valid };
  }

  /** What V2 makes of fields for a downlink. */
  function convertDownlink(script, run, input) {
    run.name = "Encoder";
    const called = callV2(script, run, input.data, input.fPort);
    if (called.failure !== undefined) return called;
    const bytes = called.value;
    if (!isArray(bytes)) return failed("Encoder not valid: does not return an Array");
    if (bytes.length > 255) return failed("Encoder Output not valid: more than 255 bytes");
    const list = [];
    for (let i = 0; i < bytes.length; i++) {
      const value = bytes[i];
      if (!isInteger(value)) return failed("Encoder not valid: should return an Array of integer numbers");
      if (value < 0 || value > 255) {
        return failed("Encoder Output not valid: Numbers in Array should be between 0 and 255");
      }
      list[i] = value;
    }
    return { bytes: list };
  }

  const hasV2Uplink = (script) =>
    script.Decoder !== undefined || script.Converter !== undefined || script.Validator !== undefined;

  function decode(script, name, input, maxLength) {
    const uplink = name === "decodeUplink";
    if (uplink && input.recvTime !== undefined) input.recvTime = new Instant(input.recvTime);
    if (script[name] !== undefined) {
      const output = (0, script[name])(input);
      return outputOf(output, name) || answer(output, output.data, maxLength);
    }
    if (!uplink || !hasV2Uplink(script)) return failure("entrypoint", name);
    const converted = convertUplink(script, {}, input);
    if (converted.failure !== undefined) return converted.failure;
    if (!converted.valid) return failure("validator", "");
    try {
      return answer({}, converted.fields, maxLength);
    } catch (error) {
      return failure("function", "Payload Function output cannot be marshaled to JSON: " + reasonOf(error));
    }
  }

  function encode(script, input, maxLength) {
    if (script.encodeDownlink === undefined) {
      if (script.Encoder === undefined) return failure("entrypoint", "encodeDownlink");
      const converted = convertDownlink(script, {}, input);
      return converted.failure || answer({}, converted, maxLength);
    }
    const output = (0, script.encodeDownlink)(input);
    const bad = outputOf(output, "encodeDownlink");
    if (bad !== undefined) return bad;
    if (messages(output.errors).length > 0) return answer(output, undefined, maxLength);
    const result = encoded(output.bytes, output.fPort);
    return typeof result === "string" ? failure("output", result) : answer(output, result, maxLength);
  }

  /** The functions of V2 with what they write to the console. */
  function dryRun(factory, name, input, maxLength) {
    const run = { name: "", logs: [] };
    const script = factory(recordingConsole(run));
    const made = name === "dryRunUplink"
      ? convertUplink(script, run, input)
      : script.Encoder === undefined
        ? failed("Downlink Payload not valid: fields supplied, but no Encoder function set")
        : convertDownlink(script, run, input);
    if (made.failure !== undefined) return made.failure;
    made.logs = run.logs;
    return answer({}, made, maxLength);
  }

  return function (factory, maxLength) {
    return function (name, json) {
      // What earlier calls left behind by assigning to undeclared names.
      const left = keys(root);
      for (let i = 0; i < left.length; i++) delete root[left[i]];
      try {
        const input = parse(json);
        if (name === "dryRunUplink" || name === "dryRunDownlink") return dryRun(factory, name, input, maxLength);
        const script = factory(quietConsole);
        if (name === "encodeDownlink") return encode(script, input, maxLength);
        return decode(script, name, input, maxLength);
      } catch (error) {
        return failure("runtime", reasonOf(error));
      }
    };
  };
})()`;

/** The four functions that decode and encode payloads in V2; an empty text where there is none. */
export interface PayloadFunctions {
  readonly decoder: string;
  readonly converter: string;
  readonly validator: string;
  readonly encoder: string;
}

type Section = keyof PayloadFunctions;

/**
 * V3 has one formatter script a direction, so the functions of V2 are sections of it, each after a line that names it.
 */
const upSections: readonly Section[] = ["decoder", "converter", "validator"];
const downSections: readonly Section[] = ["encoder"];

export const noPayloadFunctions: PayloadFunctions = {
  decoder: "",
  converter: "",
  validator: "",
  encoder: "",
};

/** The scripts of the V3 formatter that holds these functions. */
export function composePayloadFunctions(functions: PayloadFunctions): {
  readonly up: string;
  readonly down: string;
} {
  return { up: compose(functions, upSections), down: compose(functions, downSections) };
}

/**
 * The functions that a V3 formatter's scripts hold. A script that V2 did not write shows as the decoder or encoder,
 * as it is.
 */
export function splitPayloadFunctions(scripts: {
  readonly up: string;
  readonly down: string;
}): PayloadFunctions {
  return {
    ...noPayloadFunctions,
    ...split(scripts.up, upSections),
    ...split(scripts.down, downSections),
  };
}

function compose(functions: PayloadFunctions, sections: readonly Section[]): string {
  return sections
    .filter((section) => functions[section] !== "")
    .map((section) => `${markerOf(section)}\n${functions[section]}`)
    .join("\n");
}

/** Text before the first marker belongs to the first section. */
function split(script: string, sections: readonly Section[]): Partial<PayloadFunctions> {
  const texts = new Map<Section, string[]>();
  let section = sections[0]!;
  for (const line of script.split("\n")) {
    const named = sections.find((each) => line === markerOf(each));
    section = named ?? section;
    const lines = texts.get(section) ?? [];
    texts.set(section, lines);
    if (named === undefined) lines.push(line);
  }
  return Object.fromEntries([...texts].map(([name, lines]) => [name, lines.join("\n")]));
}

function markerOf(section: Section): string {
  return `// v2:${section}`;
}

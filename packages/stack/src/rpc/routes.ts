import { statusCodes } from "@skylark/api";
import { RequestError } from "./error-status.ts";

/** What is found under a path and a verb, with the texts of the path's variables in order. */
export interface FoundRoute<Target> {
  readonly target: Target;
  readonly variables: readonly string[];
}

interface Node<Target> {
  readonly literals: Map<string, Node<Target>>;
  variable: Node<Target> | undefined;
  readonly targets: Map<string, Target>;
}

export type RouteSegment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "variable" };

/** Routes by path, as a tree with a level per segment, so that finding one costs as many steps as the path is long. */
export class Routes<Target> {
  readonly #root: Node<Target> = emptyNode();

  add(verb: string, segments: readonly RouteSegment[], target: Target): void {
    let node = this.#root;
    for (const segment of segments) {
      if (segment.kind === "variable") {
        node.variable ??= emptyNode();
        node = node.variable;
      } else {
        let next = node.literals.get(segment.text);
        if (next === undefined) {
          next = emptyNode();
          node.literals.set(segment.text, next);
        }
        node = next;
      }
    }
    if (node.targets.has(verb)) {
      const path = segments.map((segment) => (segment.kind === "literal" ? segment.text : "{}")).join("/");
      throw new TypeError(`two routes for ${verb} /${path}`);
    }
    node.targets.set(verb, target);
  }

  /** Undefined when there is no such path; throws when the path is there, but not for this verb. */
  find(verb: string, path: string): FoundRoute<Target> | undefined {
    const segments = path.split("/");
    const variables: string[] = [];
    const search: Search<Target> = { verb, segments, variables, otherVerb: false };
    const target = descend(this.#root, 1, search);
    if (target !== undefined) return { target, variables: variables.map(decodeSegment) };
    if (search.otherVerb) throw new RequestError(statusCodes.unimplemented, "Method Not Allowed");
    return undefined;
  }
}

interface Search<Target> {
  readonly verb: string;
  readonly segments: readonly string[];
  readonly variables: string[];
  otherVerb: boolean;
  readonly target?: Target;
}

/** Words before variables; and back again when the rest does not fit. */
function descend<Target>(node: Node<Target>, level: number, search: Search<Target>): Target | undefined {
  const segment = search.segments[level];
  if (segment === undefined) {
    const target = node.targets.get(search.verb);
    if (target === undefined && node.targets.size > 0) search.otherVerb = true;
    return target;
  }
  const literal = node.literals.get(segment);
  const found = literal && descend(literal, level + 1, search);
  if (found !== undefined || node.variable === undefined || segment === "") return found;
  search.variables.push(segment);
  const below = descend(node.variable, level + 1, search);
  if (below === undefined) search.variables.pop();
  return below;
}

function decodeSegment(text: string): string {
  return text.includes("%") ? decodePercent(text) : text;
}

/** Text with percent-encoding, of a path or a query. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RequestError(statusCodes.invalidArgument, "invalid percent-encoding in the URL");
  }
}

function emptyNode<Target>(): Node<Target> {
  return { literals: new Map(), variable: undefined, targets: new Map() };
}

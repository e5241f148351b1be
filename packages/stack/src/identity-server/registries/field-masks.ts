/** What every answer holds, whether asked for or not. */
const alwaysRead = ["ids", "created_at", "updated_at"];
const neverWritten = new Set(["ids", "created_at", "updated_at", "deleted_at"]);

/** The same list for the same mask: what is made of a mask is kept with its list. Most clients ask with few masks. */
const masks = new Map<string, readonly string[]>();
const mostMasks = 1000;

export function pathsToRead(paths: readonly string[] = []): readonly string[] {
  const key = paths.join(",");
  let list = masks.get(key);
  if (list === undefined) {
    list = [...alwaysRead, ...paths];
    if (masks.size >= mostMasks) masks.clear();
    masks.set(key, list);
  }
  return list;
}

/** Without what this server decides itself; `ids.eui` of a gateway can be written where `also` says so. */
export function pathsToWrite(paths: readonly string[] = [], also: readonly string[] = []): readonly string[] {
  return paths.filter((path) => also.includes(path) || !(neverWritten.has(path) || path.startsWith("ids.")));
}

export function coversPath(paths: readonly string[], name: string): boolean {
  return paths.some((path) => path === name || path.startsWith(`${name}.`));
}

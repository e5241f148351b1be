/**
 * Identifiers of The Things Network V2, which may hold `_` and be of two characters. An entity whose identifier is
 * spelt differently in V3 keeps the V2 spelling in its attribute `v2-id`.
 */

/** Two characters at least; `_` and `-` stand alone and inside. */
const v2IdPattern = /^[0-9a-z](?:[_-]?[0-9a-z])+$/;
const longestId = 36;
const twoCharacterSuffix = "-v2";

/** The attribute that holds the V2 spelling of an identifier, where that differs. */
export const v2IdAttribute = "v2-id";

/** Whether an application or a device of V2 may have this identifier here. */
export function isV2Id(id: string): boolean {
  return id.length <= longestId && v2IdPattern.test(id);
}

/** The V3 identifier of what V2 calls `id`; undefined when that is no identifier. */
export function v3IdOf(id: string): string | undefined {
  if (!isV2Id(id)) return undefined;
  return id.length === 2 ? id + twoCharacterSuffix : id.replaceAll("_", "-");
}

/** The V2 identifier of an entity, given its V3 identifier and its attributes. */
export function v2IdOf(id: string, attributes: Readonly<Record<string, string>> | undefined): string {
  const spelling = attributes?.[v2IdAttribute];
  // A spelling that does not lead back to the entity is not its own.
  return spelling !== undefined && v3IdOf(spelling) === id ? spelling : id;
}

/** The attributes that an entity of this V2 identifier needs: its spelling where V3 differs, else none. */
export function v2IdAttributes(id: string): Readonly<Record<string, string>> {
  return v3IdOf(id) === id ? {} : { [v2IdAttribute]: id };
}

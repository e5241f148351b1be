import type { At } from "../../clock/clock.ts";
import type { Migration, Store, Writer } from "../../store/store.ts";
import { bytesOf, knownStatement, textOf } from "../storage/rows.ts";
import type { ImageType } from "./image-format.ts";

export const pictureMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: pictures",
    statements: [
      `CREATE TABLE pictures (
        tenant_id TEXT NOT NULL,
        bucket TEXT NOT NULL,
        picture_key TEXT NOT NULL,
        mime_type TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (tenant_id, bucket, picture_key)
      )`,
    ],
  },
];

export interface StoredPicture {
  readonly mimeType: ImageType;
  readonly data: Uint8Array;
}

/** Where a picture lies: `profile_pictures`, `user1.01J…/original.png`. */
export interface PictureKey {
  readonly tenantId: string;
  readonly bucket: string;
  readonly key: string;
}

const read = knownStatement(
  "SELECT mime_type, data FROM pictures WHERE tenant_id = ? AND bucket = ? AND picture_key = ?",
);
const insert = knownStatement(
  "INSERT INTO pictures (tenant_id, bucket, picture_key, mime_type, created_at, data) VALUES (?, ?, ?, ?, ?, ?)",
);
const remove = knownStatement("DELETE FROM pictures WHERE tenant_id = ? AND bucket = ? AND picture_key = ?");

export interface PictureStore {
  get(key: PictureKey): Promise<StoredPicture | undefined>;
  insert(writer: Writer, key: PictureKey, picture: StoredPicture, at: At): void;
  delete(writer: Writer, key: PictureKey): void;
}

export function createPictureStore(store: Pick<Store, "query">): PictureStore {
  return {
    async get({ tenantId, bucket, key }) {
      const [row] = await store.query(read, tenantId, bucket, key);
      return row && { mimeType: textOf(row, "mime_type") as ImageType, data: bytesOf(row, "data") };
    },
    insert: (writer, { tenantId, bucket, key }, { mimeType, data }, at) =>
      writer.run(insert, tenantId, bucket, key, mimeType, at, data),
    delete: (writer, { tenantId, bucket, key }) => writer.run(remove, tenantId, bucket, key),
  };
}

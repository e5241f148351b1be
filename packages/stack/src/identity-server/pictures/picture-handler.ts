import { defineErrors } from "../../errors/errors.ts";
import type { PlainHandler } from "../../rpc/plain-routes.ts";
import type { PictureStore } from "./picture-store.ts";

const pictureNotFound = defineErrors("pkg/identityserver/picture").notFound(
  "original_not_found",
  "the picture was not found",
);

/** Where `pictureHandler` is mounted. */
export const picturePath = "/assets/blob/*";

/** Serves pictures to anyone who knows the address: an `<img>` sends no credentials. */
export function pictureHandler(pictures: Pick<PictureStore, "get">): PlainHandler {
  return async (request, response, { tenantId, parameters }) => {
    const [bucket = "", ...rest] = (parameters["*"] ?? "").split("/");
    const picture = await pictures.get({ tenantId, bucket, key: rest.join("/") });
    if (picture === undefined) throw pictureNotFound();
    response.writeHead(200, {
      "Content-Type": picture.mimeType,
      "Content-Length": picture.data.length,
      // A changed picture has another address.
      "Cache-Control": "public, max-age=31536000, immutable",
      "Content-Security-Policy": "default-src 'none'; sandbox",
      "Cross-Origin-Resource-Policy": "cross-origin",
      "X-Content-Type-Options": "nosniff",
    });
    response.end(request.method === "HEAD" ? undefined : picture.data);
  };
}

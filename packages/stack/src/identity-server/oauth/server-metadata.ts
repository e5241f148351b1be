import { type ExchangeHandler, originOf, sendJSON } from "../account/exchange.ts";

/** `GET /.well-known/oauth-authorization-server` (RFC 8414). */
export const serverMetadata: ExchangeHandler = async (exchange) => {
  const origin = originOf(exchange);
  sendJSON(exchange, {
    issuer: origin,
    authorization_endpoint: `${origin}/oauth/authorize`,
    token_endpoint: `${origin}/oauth/token`,
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: ["authorization_code", "refresh_token"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
    code_challenge_methods_supported: ["S256", "plain"],
  });
};

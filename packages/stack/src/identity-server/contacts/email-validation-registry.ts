import { EmailValidationRegistry, Right, timestampFromMs } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import { anyone, implement, type ServiceImplementation, user } from "../../rpc/service.ts";
import { readEntity } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import type { EmailValidations } from "./email-validations.ts";
import { formatInterval } from "./format-interval.ts";

const errors = defineErrors("pkg/identityserver");
const requestForbidden = errors.permissionDenied(
  "validation_request_forbidden",
  "an e-mail was sent already, wait `{retry_interval}` before the next one",
);
const noValidationNeeded = errors.invalidArgument("no_validation_needed", "there is no address to validate");

/** E-mail addresses of users. */
export function emailValidationRegistry(
  registries: Pick<Registries, "users">,
  validations: EmailValidations,
): ServiceImplementation {
  return implement(EmailValidationRegistry, {
    requestValidation: {
      requires: ({ userId }) => user(userId, Right.USER_SETTINGS_BASIC),
      async handle({ userId }, context) {
        const entity: EntityReference = { tenantId: context.tenantId, type: "user", id: userId };
        const { message } = await readEntity(registries.users, entity);
        const address = message.primaryEmailAddress;
        if (address === "") throw noValidationNeeded();
        const receiver = { userId, name: message.name, address, admin: message.admin };
        const row = await validations.request(entity, receiver);
        if (row === undefined) {
          throw requestForbidden({ retry_interval: formatInterval(validations.times.retryIntervalMs) });
        }
        return {
          id: row.id,
          address,
          createdAt: timestampFromMs(row.createdAt),
          updatedAt: timestampFromMs(row.updatedAt),
          expiresAt: timestampFromMs(row.expiresAt),
        };
      },
    },
    validate: {
      requires: () => anyone,
      async handle({ id, token }, context) {
        await validations.validate(context.tenantId, id, token);
        return {};
      },
    },
  });
}

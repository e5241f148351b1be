import { Is } from "@skylark/api";
import { anyone, implement, type ServiceImplementation } from "../rpc/service.ts";
import type { IdentityServerConfiguration } from "./identity-server.ts";
import { passwordRules } from "./users/passwords.ts";

/** What clients show and check before they ask. */
export function isConfiguration(configuration: IdentityServerConfiguration): ServiceImplementation {
  return implement(Is, {
    getConfiguration: {
      requires: () => anyone,
      handle: () => ({
        configuration: {
          userRegistration: {
            enabled: configuration["is.user-registration.enabled"],
            invitation: { required: false },
            contactInfoValidation: { required: false },
            adminApproval: { required: configuration["is.user-registration.admin-approval.required"] },
            passwordRequirements: {
              minLength: passwordRules.minLength,
              maxLength: passwordRules.maxLength,
              minUppercase: passwordRules.minUppercase,
              minDigits: passwordRules.minDigits,
              minSpecial: passwordRules.minSpecial,
            },
          },
          profilePicture: { disableUpload: true, useGravatar: false },
          endDevicePicture: { disableUpload: true },
          userRights: {
            createApplications: configuration["is.user-rights.create-applications"],
            createGateways: configuration["is.user-rights.create-gateways"],
            createClients: false,
            createOrganizations: false,
          },
          userLogin: { disableCredentialsLogin: true },
          adminRights: { all: configuration["is.admin-rights.all"] },
          collaboratorRights: { setOthersAsContacts: false },
        },
      }),
    },
  });
}

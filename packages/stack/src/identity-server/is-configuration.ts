import { durationFromMs, Is } from "@skylark/api";
import { anyone, implement, type ServiceImplementation } from "../rpc/service.ts";
import type { IdentityServerConfiguration } from "./config.ts";

/** What clients show and check before they ask. */
export function isConfiguration(configuration: IdentityServerConfiguration): ServiceImplementation {
  return implement(Is, {
    getConfiguration: {
      requires: () => anyone,
      handle: () => ({
        configuration: {
          userRegistration: userRegistration(configuration),
          profilePicture: {
            disableUpload: configuration["is.profile-picture.disable-upload"],
            useGravatar: configuration["is.profile-picture.use-gravatar"],
          },
          endDevicePicture: { disableUpload: configuration["is.end-device-picture.disable-upload"] },
          userRights: {
            createApplications: configuration["is.user-rights.create-applications"],
            createGateways: configuration["is.user-rights.create-gateways"],
            createClients: configuration["is.user-rights.create-clients"],
            createOrganizations: configuration["is.user-rights.create-organizations"],
          },
          userLogin: { disableCredentialsLogin: false },
          adminRights: { all: configuration["is.admin-rights.all"] },
          collaboratorRights: {
            setOthersAsContacts: configuration["is.collaborator-rights.set-others-as-contacts"],
          },
        },
      }),
    },
  });
}

function userRegistration(configuration: IdentityServerConfiguration) {
  const validation = "is.user-registration.contact-info-validation";
  const requirements = "is.user-registration.password-requirements";
  return {
    enabled: configuration["is.user-registration.enabled"],
    invitation: {
      required: configuration["is.user-registration.invitation.required"],
      tokenTtl: durationFromMs(configuration["is.user-registration.invitation.token-ttl"]),
    },
    contactInfoValidation: {
      required: configuration[`${validation}.required`],
      tokenTtl: durationFromMs(configuration[`${validation}.token-ttl`]),
      retryInterval: durationFromMs(configuration[`${validation}.retry-interval`]),
    },
    adminApproval: { required: configuration["is.user-registration.admin-approval.required"] },
    passwordRequirements: {
      minLength: configuration[`${requirements}.min-length`],
      maxLength: configuration[`${requirements}.max-length`],
      minUppercase: configuration[`${requirements}.min-uppercase`],
      minDigits: configuration[`${requirements}.min-digits`],
      minSpecial: configuration[`${requirements}.min-special`],
    },
  };
}

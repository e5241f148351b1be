import { defineErrors } from "../errors/errors.ts";

const errors = defineErrors("pkg/identityserver/blocklist");
const forbiddenId = errors.invalidArgument("forbidden_id", "the ID `{id}` can not be registered");

/** Words of routes and topics, and names that pretend to be the operator. */
const forbidden: ReadonlySet<string> = new Set(
  `about abuse access account accounts activate add adm admin administration administrator administrators admins
  all anonymous api api-key api-keys apikey apikeys app application applications applicationserver apps asset
  assets auth authentication batch billing broker bulk cli client clients cluster collaborator collaborators
  config configuration connect connection console contact create data default delete destroy dev device devices
  down download edit email end-device end-devices error errors event events example filter first gateway
  gateways gateway-configuration-server gatewayserver gcs get gtw gtws guest handler help host hostmaster
  identity identityserver index info invitations join joinserver last link list local localdomain localhost
  log-in log-out login logout logs lorawan lorawan-stack mail me metrics name network networkserver new none
  notification notifications nan null oauth oauth-clients operator organization organizations orgs owner
  packetbroker password peer peers postmaster public purge put read register remove replace report reset
  restore root router search security self server service services session sessions settings setup sign-in
  sign-up signin signup skylark staff start stat state static stats status store stream subscribe super
  superuser support sys sysadmin system test tests things this tls tti ttn ttn-lw-cli ttn-lw-stack ttnctl tts
  undefined update upload user username users version webhook webhooks webmaster www xml yaml you
  the-things-industries the-things-network the-things-stack`.split(/\s+/),
);

/** Refuses identifiers that would be mistaken for something else. */
export function checkIdAllowed(id: string): void {
  if (forbidden.has(id)) throw forbiddenId({ id });
}

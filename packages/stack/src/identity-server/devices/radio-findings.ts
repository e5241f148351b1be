import { enumName, MACVersionSchema, PHYVersionSchema, type Session } from "@skylark/api";
import { frequencyPlans } from "@skylark/lorawan";
import { type CheckedDevice, cascadeRemedy, error, type Finding, hex, joins, warning } from "./finding.ts";

export function* sessions(checked: CheckedDevice): Iterable<Finding> {
  const { networkServer, applicationServer } = checked.parts;
  const network = networkServer?.session;
  const application = applicationServer?.session;
  if (networkServer === undefined) return;
  if (network !== undefined && applicationServer !== undefined)
    yield* sessionPair(network, application, joins(checked));
  if (network === undefined && application !== undefined && networkServer.pendingSession === undefined) {
    yield warning(
      "network-server",
      "session_only_in_application_server",
      "the Application Server has a session that the Network Server does not know",
      "let the device join again",
    );
  }
  const devAddr = network?.devAddr;
  if (devAddr !== undefined && !checked.ownsDevAddr(devAddr)) {
    yield warning(
      "network-server",
      "dev_addr_of_other_network",
      `the address ${hex(devAddr)} lies outside this network's blocks; other networks may take the device for theirs`,
      joins(checked)
        ? "let the device join again"
        : "program the device with an address from GET /ns/dev_addr",
    );
  }
}

function* sessionPair(network: Session, application: Session | undefined, joins: boolean): Iterable<Finding> {
  const rejoin = joins
    ? "let the device join again"
    : `set session.dev_addr and session.keys.app_s_key.key; ${cascadeRemedy}`;
  if (application === undefined || application.keys?.appSKey === undefined) {
    yield error(
      "application-server",
      "missing_session_keys",
      "the Network Server has a session, but the Application Server has no AppSKey for it",
      rejoin,
    );
    return;
  }
  if (hex(network.devAddr) !== hex(application.devAddr)) {
    yield error(
      "application-server",
      "dev_addr_mismatch",
      `the session has address ${hex(application.devAddr)} here and ${hex(network.devAddr)} on the Network Server`,
      rejoin,
    );
  } else if (hex(network.keys?.sessionKeyId) !== hex(application.keys.sessionKeyId)) {
    yield error(
      "application-server",
      "session_mismatch",
      "Network Server and Application Server have different sessions",
      rejoin,
    );
  }
}

export function* activity(checked: CheckedDevice): Iterable<Finding> {
  const { identityServer, joinServer, networkServer } = checked.parts;
  if (networkServer === undefined) return;
  if (networkServer.supportsJoin && networkServer.session === undefined) {
    const hasJoined = (joinServer?.lastJoinNonce ?? 0) > 0 || networkServer.pendingSession !== undefined;
    yield hasJoined
      ? warning(
          "network-server",
          "join_not_completed",
          "a join-accept was sent, but no uplink of the new session has come",
          "check that a gateway near the device can send downlinks, and that the device listens on the right frequency and data rate",
        )
      : warning(
          "network-server",
          "never_joined",
          "the device has never joined",
          "switch it on near a gateway; watch the events of device and gateway for its join-request",
        );
  }
  const isHeard = (networkServer.session?.lastFCntUp ?? 0) > 0 || identityServer?.lastSeenAt !== undefined;
  if (!networkServer.supportsJoin && !networkServer.multicast && !isHeard) {
    yield warning(
      "network-server",
      "never_heard",
      "no uplink of the device has come yet",
      "check address, keys and frame counters in the device, and that a gateway is near",
    );
  }
}

export function* radio({ parts: { networkServer }, gatewayPlans }: CheckedDevice): Iterable<Finding> {
  if (networkServer === undefined) return;
  const { frequencyPlanId } = networkServer;
  const plan = frequencyPlans.get(frequencyPlanId);
  if (plan === undefined) {
    yield error(
      "network-server",
      "unknown_frequency_plan",
      `there is no frequency plan \`${frequencyPlanId}\``,
      "choose one of GET /configuration/frequency-plans",
    );
    return;
  }
  if (gatewayPlans.size === 0 || gatewayPlans.has(frequencyPlanId)) return;
  const bands = new Set([...gatewayPlans].map((id) => frequencyPlans.get(id)?.bandId));
  const used = [...gatewayPlans].sort().join(", ");
  if (!bands.has(plan.bandId)) {
    yield error(
      "network-server",
      "frequency_plan_of_no_gateway",
      `the device uses ${frequencyPlanId}, whose band none of the gateways has; they use ${used}`,
      "give device and gateways the frequency plan of the place where they are",
    );
  } else {
    yield warning(
      "network-server",
      "frequency_plan_of_no_gateway",
      `no gateway uses the device's frequency plan ${frequencyPlanId}; they use ${used}`,
      "make sure that the plans share enough channels",
    );
  }
}

/** Versions of the regional parameters that go with each LoRaWAN version. */
const phyVersionsOf: Readonly<Record<string, RegExp>> = {
  MAC_V1_0: /^PHY_V1_0$/,
  MAC_V1_0_1: /^PHY_V1_0_1$/,
  MAC_V1_0_2: /^PHY_V1_0_2_|^RP002_/,
  MAC_V1_0_3: /^PHY_V1_0_3_|^RP002_/,
  MAC_V1_0_4: /^RP002_/,
  MAC_V1_1: /^PHY_V1_1_|^RP002_/,
};

export function* versions({ parts: { networkServer } }: CheckedDevice): Iterable<Finding> {
  if (networkServer === undefined) return;
  const { lorawanVersion, lorawanPhyVersion, macState } = networkServer;
  const mac = enumName(MACVersionSchema, lorawanVersion) ?? "";
  const phy = enumName(PHYVersionSchema, lorawanPhyVersion) ?? "";
  if (phyVersionsOf[mac]?.test(phy) === false) {
    yield warning(
      "network-server",
      "version_mismatch",
      `LoRaWAN version ${mac} and regional parameters ${phy} do not go together`,
      "take both from the device's data sheet",
    );
  }
  const { supportsClassB, supportsClassC, multicast } = networkServer;
  if (multicast && !supportsClassB && !supportsClassC) {
    yield error(
      "network-server",
      "multicast_without_class",
      "a multicast group needs class B or class C",
      "set supports_class_b or supports_class_c",
    );
  }
  if (macState !== undefined && macState.lorawanVersion !== lorawanVersion) {
    const current = enumName(MACVersionSchema, macState.lorawanVersion) ?? "";
    yield warning(
      "network-server",
      "session_of_other_version",
      `the session runs with ${current}, the device is registered with ${mac}`,
      "the new version is used from the next join on",
    );
  }
}

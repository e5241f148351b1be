import { MACVersion, PayloadFormatter } from "@skylark/api";
import { type CheckedDevice, cascadeRemedy, error, type Finding, hex, joins, warning } from "./finding.ts";

export function* presence(checked: CheckedDevice): Iterable<Finding> {
  const { identityServer, joinServer, networkServer, applicationServer } = checked.parts;
  const others = {
    "Join Server": joinServer,
    "Network Server": networkServer,
    "Application Server": applicationServer,
  };
  const holders = Object.entries(others).flatMap(([name, part]) => (part === undefined ? [] : [name]));
  if (identityServer === undefined && holders.length === 0) {
    yield error(
      "identity-server",
      "not_registered",
      "no server knows this end device",
      "check the identifiers of application and device, or register the device",
    );
    return;
  }
  if (identityServer === undefined) {
    yield error(
      "identity-server",
      "missing_in_identity_server",
      `the Identity Server does not have the device, but others do: ${holders.join(", ")}; it is in no list and no search`,
      "register it again with POST, or remove what is left of it with DELETE, each with the header X-Skylark-Cascade: true",
    );
  }
  if (networkServer === undefined) {
    const remedy = `set frequency plan, LoRaWAN versions and activation; ${cascadeRemedy}`;
    yield error(
      "network-server",
      "missing_in_network_server",
      "the Network Server does not have the device, so its frames are dropped",
      remedy,
    );
  }
  if (applicationServer === undefined) {
    yield error(
      "application-server",
      "missing_in_application_server",
      "the Application Server does not have the device, so its messages cannot be read",
      cascadeRemedy,
    );
  }
  if (joinServer === undefined && joins(checked)) {
    const remedy = `give its root keys, unless another Join Server has them; ${cascadeRemedy}`;
    yield error(
      "join-server",
      "missing_in_join_server",
      "the device joins, but the Join Server does not have it",
      remedy,
    );
  }
  if (joinServer !== undefined && networkServer !== undefined && !networkServer.supportsJoin) {
    yield warning(
      "join-server",
      "supports_join_mismatch",
      "the Join Server has root keys, but the Network Server takes the device for one that does not join",
      "if the device joins, delete it and register it with supports_join; otherwise delete it on the Join Server",
    );
  }
}

const serverNames = {
  identityServer: "identity-server",
  joinServer: "join-server",
  networkServer: "network-server",
  applicationServer: "application-server",
} as const;

export function* identifiers({ parts }: CheckedDevice): Iterable<Finding> {
  const reference = parts.identityServer ?? parts.networkServer ?? parts.joinServer;
  for (const field of ["devEui", "joinEui"] as const) {
    const expected = hex(reference?.ids?.[field]);
    for (const name of ["joinServer", "networkServer", "applicationServer"] as const) {
      const part = parts[name];
      const actual = hex(part?.ids?.[field]);
      if (part === undefined || actual === expected) continue;
      // The Application Server works without.
      if (name === "applicationServer" && actual === "") continue;
      const label = field === "devEui" ? "DevEUI" : "JoinEUI";
      yield error(
        serverNames[name],
        `${field === "devEui" ? "dev_eui" : "join_eui"}_mismatch`,
        `the ${label} is ${actual || "not set"} here and ${expected || "not set"} on the other servers`,
        "EUIs cannot be changed: delete the device and register it with the right ones",
      );
    }
  }
}

export function* rootKeys(checked: CheckedDevice): Iterable<Finding> {
  const { joinServer, networkServer } = checked.parts;
  if (joinServer === undefined || !joins(checked)) return;
  const { appKey, nwkKey } = joinServer.rootKeys ?? {};
  const is11 = (networkServer?.lorawanVersion ?? MACVersion.MAC_UNKNOWN) === MACVersion.MAC_V1_1;
  const remedy =
    "set the keys that the maker of the device gave: root_keys.app_key.key, and with LoRaWAN 1.1 root_keys.nwk_key.key";
  if (appKey === undefined && (is11 || nwkKey === undefined)) {
    yield error("join-server", "missing_app_key", "the device joins, but its AppKey is missing", remedy);
  }
  if (is11 && nwkKey === undefined) {
    yield error(
      "join-server",
      "missing_nwk_key",
      "a LoRaWAN 1.1 device needs a NwkKey, which is missing",
      remedy,
    );
  }
  if (!is11 && nwkKey !== undefined && networkServer !== undefined) {
    yield warning(
      "join-server",
      "unneeded_nwk_key",
      "the device is registered with LoRaWAN 1.0.x and has a NwkKey, which then signs its joins instead of the AppKey",
      "take the NwkKey away unless the device can do LoRaWAN 1.1, or correct lorawan_version",
    );
  }
  if (!checked.answersForJoinEui(joinServer.ids?.joinEui ?? new Uint8Array(8))) {
    yield error(
      "join-server",
      "join_eui_not_served",
      `the Join Server does not answer for JoinEUI ${hex(joinServer.ids?.joinEui)}`,
      "add its block to the option js.join-eui-prefixes",
    );
  }
}

export function* formatters({
  parts: { applicationServer, identityServer },
}: CheckedDevice): Iterable<Finding> {
  const chosen = applicationServer?.formatters;
  if (applicationServer === undefined || chosen === undefined) return;
  const directions = [
    ["uplink", "up", chosen.upFormatter, chosen.upFormatterParameter],
    ["downlink", "down", chosen.downFormatter, chosen.downFormatterParameter],
  ] as const;
  const hasModel = (applicationServer.versionIds ?? identityServer?.versionIds)?.modelId;
  for (const [name, direction, formatter, parameter] of directions) {
    if (formatter === PayloadFormatter.FORMATTER_JAVASCRIPT && parameter.trim() === "") {
      yield error(
        "application-server",
        "formatter_without_script",
        `the ${name} formatter is JavaScript without a script`,
        `set formatters.${direction}_formatter_parameter, or choose another formatter`,
      );
    }
    if (formatter === PayloadFormatter.FORMATTER_REPOSITORY && !hasModel) {
      yield error(
        "application-server",
        "formatter_without_model",
        `the ${name} formatter comes from the repository, but brand and model of the device are not set`,
        "set version_ids, or choose another formatter",
      );
    }
  }
}

export function* addresses({ parts, application }: CheckedDevice): Iterable<Finding> {
  const { identityServer } = parts;
  if (identityServer === undefined) return;
  const fields = ["networkServerAddress", "applicationServerAddress", "joinServerAddress"] as const;
  const names = {
    networkServerAddress: "network_server_address",
    applicationServerAddress: "application_server_address",
    joinServerAddress: "join_server_address",
  };
  for (const field of fields) {
    const expected = application?.[field] ?? "";
    const actual = identityServer[field];
    if (expected !== "" && actual !== "" && expected !== actual) {
      yield warning(
        "identity-server",
        "address_mismatch",
        `${names[field]} is ${actual}, the application's is ${expected}`,
        "correct the one that is wrong; clients talk to the server that it names",
      );
    }
  }
  const network = identityServer.networkServerAddress;
  const ofApplication = identityServer.applicationServerAddress;
  if (network !== "" && ofApplication !== "" && network !== ofApplication) {
    yield warning(
      "identity-server",
      "address_mismatch",
      `network_server_address is ${network} and application_server_address is ${ofApplication}, but one installation holds both`,
      "set both to this installation's address",
    );
  }
}

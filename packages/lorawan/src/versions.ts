/** Every LoRaWAN version, oldest first. */
export const macVersions = [
  "MAC_V1_0",
  "MAC_V1_0_1",
  "MAC_V1_0_2",
  "MAC_V1_0_3",
  "MAC_V1_0_4",
  "MAC_V1_1",
] as const;

/** The version of the LoRaWAN link layer that an end device implements. */
export type MACVersion = (typeof macVersions)[number];

/** Every version of the regional parameters, in the order in which the documents build on one another. */
export const phyVersions = [
  "PHY_V1_0",
  "PHY_V1_0_1",
  "PHY_V1_0_2_REV_A",
  "PHY_V1_0_2_REV_B",
  "PHY_V1_0_3_REV_A",
  "PHY_V1_1_REV_A",
  "PHY_V1_1_REV_B",
  "RP002_V1_0_0",
  "RP002_V1_0_1",
  "RP002_V1_0_2",
  "RP002_V1_0_3",
  "RP002_V1_0_4",
] as const;

/** The version of the regional parameters that an end device implements. */
export type PHYVersion = (typeof phyVersions)[number];

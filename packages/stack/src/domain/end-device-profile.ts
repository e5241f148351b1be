import type { Location } from "./uplink.ts";

/** What other servers put into messages of what is registered of a device. */
export interface EndDeviceProfile {
  readonly locations: Readonly<Record<string, Location>>;
  readonly versionIds?: {
    readonly brandId?: string;
    readonly modelId?: string;
    readonly hardwareVersion?: string;
    readonly firmwareVersion?: string;
    readonly bandId?: string;
  };
  readonly attributes: Readonly<Record<string, string>>;
}

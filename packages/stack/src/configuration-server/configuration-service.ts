import { Configuration, PHYVersion } from "@skylark/api";
import {
  type BandId,
  bands,
  bandVersions,
  type FrequencyPlan,
  frequencyPlans,
  getBand,
  isBandId,
  type PHYVersion as PHYVersionName,
} from "@skylark/lorawan";
import { defineErrors } from "../errors/errors.ts";
import { anyone, implement, type ServiceImplementation } from "../rpc/service.ts";
import { describeBand } from "./band-description.ts";

const errors = defineErrors("pkg/band");
const bandNotFound = errors.notFound("band_not_found", "band `{id}` not found");
const versionNotFound = errors.notFound(
  "phy_version_not_found",
  "version `{version}` of band `{id}` not found",
);

/** What anyone may know of bands and frequency plans; clients fill their selections from it. */
export function configurationService(): ServiceImplementation {
  return implement(Configuration, {
    listFrequencyPlans: {
      requires: () => anyone,
      handle: ({ baseFrequency, bandId }) => ({
        frequencyPlans: [...frequencyPlans.values()]
          .filter((plan) => baseFrequency === 0 || plan.baseFrequency === baseFrequency)
          .filter((plan) => bandId === "" || plan.bandId === bandId)
          .map(describePlan),
      }),
    },
    getPhyVersions: {
      requires: () => anyone,
      handle: ({ bandId }) => ({
        versionInfo: selectBands(bandId).map((id) => ({
          bandId: id,
          phyVersions: [...bandVersions(id)].reverse().map(versionNumber),
        })),
      }),
    },
    listBands: {
      requires: () => anyone,
      handle: ({ bandId, phyVersion }) => ({
        descriptions: Object.fromEntries(
          selectBands(bandId).map((id) => [id, { band: describeVersions(id, phyVersion, bandId !== "") }]),
        ),
      }),
    },
  });
}

function selectBands(id: string): readonly BandId[] {
  if (id === "") return Object.keys(bands).filter(isBandId);
  if (!isBandId(id)) throw bandNotFound({ id });
  return [id];
}

/** A version that a band does not have is an error where that band was asked for, and left out in a list of all. */
function describeVersions(id: BandId, wanted: PHYVersion, named: boolean) {
  const versions = bandVersions(id).filter(
    (version) => wanted === PHYVersion.PHY_UNKNOWN || versionNumber(version) === wanted,
  );
  if (versions.length === 0 && named) throw versionNotFound({ id, version: wanted });
  return Object.fromEntries(versions.map((version) => [version, describeBand(getBand(id, version))]));
}

function versionNumber(version: PHYVersionName): PHYVersion {
  return PHYVersion[version];
}

function describePlan(plan: FrequencyPlan) {
  return {
    id: plan.id,
    baseId: plan.baseId ?? "",
    name: plan.name,
    baseFrequency: plan.baseFrequency,
    bandId: plan.bandId,
  };
}

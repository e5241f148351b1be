import { EntityAccess, Ns, v2 } from "@skylark/api";
import { formatHex } from "@skylark/lorawan";
import type { InProcessCaller } from "../rpc/in-process.ts";
import { anyone, implement, type ServiceImplementation } from "../rpc/service.ts";
import { asV2Error, permissionDenied } from "./errors.ts";
import { createV2Call, type V2Call } from "./v2-call.ts";

/** Every address of this network is good for everything. */
const usages = ["otaa", "abp", "world", "local", "private", "testing"];

export function devAddrManager(caller: InProcessCaller): ServiceImplementation {
  const requires = () => anyone;
  return implement(v2.DevAddrManager, {
    getPrefixes: {
      requires,
      async handle(_, context) {
        const { devAddrPrefixes } = await asKnownCaller(createV2Call(caller, context), (call) =>
          call.invoke(Ns.method.getDeviceAddressPrefixes, {}),
        );
        const prefixes = devAddrPrefixes.map((bytes) => ({
          prefix: `${formatHex(bytes.subarray(0, 4))}/${bytes[4]}`,
          usage: usages,
        }));
        return { prefixes };
      },
    },
    getDevAddr: {
      requires,
      async handle(_, context) {
        const { devAddr } = await asKnownCaller(createV2Call(caller, context), (call) =>
          call.invoke(Ns.method.generateDevAddr, {}),
        );
        return { devAddr };
      },
    },
  });
}

/** For what any credential may do. */
export async function asKnownCaller<T>(call: V2Call, act: (call: V2Call) => Promise<T>): Promise<T> {
  try {
    const { accessMethod } = await call.invoke(EntityAccess.method.authInfo, {});
    if (accessMethod.case === undefined) throw permissionDenied("unknown caller");
    return await act(call);
  } catch (error) {
    throw asV2Error(error);
  }
}

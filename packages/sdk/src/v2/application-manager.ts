import { type GrpcAddress, type GrpcCallOptions, GrpcClient } from "./grpc-client.ts";
import { ApplicationManager, type ApplicationMessage, type DeviceMessage } from "./schema.ts";

interface ApplicationIdentifier {
  readonly appId: string;
}

interface DeviceIdentifier {
  readonly appId: string;
  readonly devId: string;
}

/** What `ApplicationClient` needs of a handler; a handler over gRPC and the mock have it. */
export interface ApplicationManagerClient {
  getApplication(request: ApplicationIdentifier, options: GrpcCallOptions): Promise<ApplicationMessage>;
  setApplication(request: ApplicationMessage, options: GrpcCallOptions): Promise<unknown>;
  deleteApplication(request: ApplicationIdentifier, options: GrpcCallOptions): Promise<unknown>;
  getDevice(request: DeviceIdentifier, options: GrpcCallOptions): Promise<DeviceMessage>;
  setDevice(request: DeviceMessage, options: GrpcCallOptions): Promise<unknown>;
  deleteDevice(request: DeviceIdentifier, options: GrpcCallOptions): Promise<unknown>;
  getDevicesForApplication(
    request: ApplicationIdentifier,
    options: GrpcCallOptions,
  ): Promise<{ readonly devices: readonly DeviceMessage[] }>;
  close?(): void;
}

export function connectApplicationManager(address: GrpcAddress): ApplicationManagerClient {
  const client = new GrpcClient(address);
  const { method } = ApplicationManager;
  return {
    getApplication: (request, options) => client.call(method.getApplication, request, options),
    setApplication: (request, options) => client.call(method.setApplication, request, options),
    deleteApplication: (request, options) => client.call(method.deleteApplication, request, options),
    getDevice: (request, options) => client.call(method.getDevice, request, options),
    setDevice: (request, options) => client.call(method.setDevice, request, options),
    deleteDevice: (request, options) => client.call(method.deleteDevice, request, options),
    getDevicesForApplication: (request, options) =>
      client.call(method.getDevicesForApplication, request, options),
    close: () => client.close(),
  };
}

import type { EndDevice, MessageInitShape } from "@skylark/api";
import {
  create,
  EndDeviceRegistry,
  EndDeviceSchema,
  Events,
  type EventSchema,
  NsEndDeviceRegistry,
  pick,
  Right,
  rightName,
} from "@skylark/api";
import { ManualClock } from "../clock/manual-clock.ts";
import { defineErrors } from "../errors/errors.ts";
import type { LogFields, Logger } from "../log/log.ts";
import { silentLogger } from "../log/log.ts";
import { type HttpListener, type HttpListenOptions, listenHttp } from "./http-listener.ts";
import { createHttpPlatform, type HttpPlatform, type HttpPlatformOptions } from "./http-platform.ts";
import type { Authority, CallContext, Caller, Requirement, ServiceImplementation } from "./service.ts";
import { anyone, application, authenticated, implement } from "./service.ts";

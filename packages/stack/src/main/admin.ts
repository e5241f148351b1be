import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { allRights, enumName, Right, rightName, StateSchema } from "@skylark/api";
import { ConfigurationError } from "../config/load.ts";
import { duration } from "../config/option.ts";
import { SkylarkError } from "../errors/errors.ts";
import {
  type Administration,
  createAdministration,
  type NewKey,
} from "../identity-server/users/administration.ts";
import { passwordRequirements } from "../identity-server/users/passwords.ts";
import { silentLogger } from "../log/log.ts";
import { inUse } from "../store/store-errors.ts";
import type { Options } from "./options.ts";
import { layGround } from "./stack.ts";

const adminUsage = `Usage: npm start -- admin <command> [options]

Works on the data directory itself, while Skylark does not run.

  create-user --id <id> [--email <address>] [--name <name>] [--admin] [--password-file <file>]
      Creates an approved user. Without a password file a password is made and printed.
  reset-password --user <id> [--password-file <file>]
      Gives a user another password and ends its logins. Without a password file one is made and printed.
  create-api-key --user|--application|--gateway|--organization <id> --rights <right,right,…>
                 [--name <name>] [--expires <30d or 2027-01-31>]
      Creates an API key and prints it, this once. RIGHT_ALL is every right that the key can have.
  list-users
      Prints every user: identifier, state, whether an admin, e-mail address.

Options of all commands:
  --data-dir <directory>   as for the server; so are its other options, its environment and skylark.yaml
  --tenant <id>            with tenancy on; the default tenant when absent

A password file holds the password in its first line; \`-\` reads it from standard input.
Exit codes: 0 done, 1 refused, 2 wrong usage.
`;

/** Where the command reads and writes. */
export interface AdminTerminal {
  readonly readConfiguration: (flags: readonly string[]) => Options;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
}

/** How the command is called is wrong; the message says how. */
class UsageError extends Error {}

/** A flag with a value, or a switch. */
type FlagKind = "value" | "switch";

const commands = {
  "create-user": { id: "value", email: "value", name: "value", admin: "switch", "password-file": "value" },
  "reset-password": { user: "value", "password-file": "value" },
  "create-api-key": {
    user: "value",
    application: "value",
    gateway: "value",
    organization: "value",
    rights: "value",
    name: "value",
    expires: "value",
  },
  "list-users": {},
} as const satisfies Readonly<Record<string, Readonly<Record<string, FlagKind>>>>;

type CommandName = keyof typeof commands;

/** Runs `skylark admin …`; answers with the exit code. */
export async function runAdmin(args: readonly string[], terminal: AdminTerminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || args.includes("--help")) {
    terminal.write(adminUsage);
    return name === undefined ? 2 : 0;
  }
  try {
    if (!Object.hasOwn(commands, name)) throw new UsageError(`unknown command ${JSON.stringify(name)}`);
    const given = readFlags(name as CommandName, rest);
    await withInstallation(terminal.readConfiguration(given.others), given, async (installation) => {
      terminal.write(await execute(name as CommandName, given, installation, terminal));
    });
    return 0;
  } catch (error) {
    return refuse(error, terminal);
  }
}

function refuse(error: unknown, { writeError }: AdminTerminal): number {
  if (error instanceof UsageError || error instanceof ConfigurationError) {
    writeError(`skylark admin: ${error.message}\n\n${adminUsage}`);
    return 2;
  }
  if (!(error instanceof SkylarkError)) throw error;
  const hint =
    error.definition === inUse.definition ? "; stop Skylark first, or use its API with an admin's key" : "";
  writeError(`skylark admin: ${error.message}${hint}\n`);
  return 1;
}

interface GivenFlags {
  readonly values: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<string>;
  /** For the server's options. */
  readonly others: readonly string[];
}

function readFlags(command: CommandName, args: readonly string[]): GivenFlags {
  const kinds: Readonly<Record<string, FlagKind>> = { ...commands[command], tenant: "value" };
  const values = new Map<string, string>();
  const switches = new Set<string>();
  const others: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    const match = /^--([^=]+)(?:=(.*))?$/s.exec(arg);
    const name = match?.[1] ?? "";
    const kind = kinds[name];
    if (kind === undefined) others.push(arg);
    else if (kind === "switch") {
      // `--admin=false` must not make an admin.
      if (match?.[2] !== undefined) throw new UsageError(`--${name} takes no value`);
      switches.add(name);
    } else {
      const value = match?.[2] ?? args[++index];
      if (value === undefined || (match?.[2] === undefined && value.startsWith("--"))) {
        throw new UsageError(`--${name} needs a value`);
      }
      values.set(name, value);
    }
  }
  return { values, switches, others };
}

interface Installation {
  readonly administration: Administration;
  readonly tenantId: string;
}

async function withInstallation(
  options: Options,
  given: GivenFlags,
  work: (installation: Installation) => Promise<void>,
): Promise<void> {
  const directory = options["data-dir"];
  // A misspelt directory would become a new installation.
  if (!existsSync(join(directory, "skylark.db"))) {
    throw new ConfigurationError(
      `there is no installation in ${directory}; name it with --data-dir, or start Skylark once`,
    );
  }
  const { ground } = await layGround(options, silentLogger);
  const { store, clock, tenancy } = ground;
  try {
    const tenantId = given.values.get("tenant") ?? tenancy.defaultTenantId;
    if (!tenancy.tenantIds.includes(tenantId))
      throw new UsageError(`there is no tenant ${JSON.stringify(tenantId)}`);
    const administration = createAdministration({
      store,
      clock,
      randomBytes,
      passwordRequirements: passwordRequirements(options),
    });
    await work({ administration, tenantId });
  } finally {
    await store.close();
  }
}

function execute(
  command: CommandName,
  given: GivenFlags,
  installation: Installation,
  terminal: AdminTerminal,
): Promise<string> {
  switch (command) {
    case "create-user":
      return createUser(given, installation, terminal);
    case "reset-password":
      return resetPassword(given, installation, terminal);
    case "create-api-key":
      return createApiKey(given, installation);
    case "list-users":
      return listUsers(installation);
  }
}

function required({ values }: GivenFlags, name: string): string {
  const value = values.get(name);
  if (value === undefined || value === "") throw new UsageError(`--${name} is missing`);
  return value;
}

async function createUser(
  given: GivenFlags,
  { administration, tenantId }: Installation,
  terminal: AdminTerminal,
): Promise<string> {
  const id = required(given, "id");
  const email = given.values.get("email") ?? "";
  if (email !== "" && !/^[^\s@]+@[^\s@]+$/.test(email))
    throw new UsageError("--email is not an e-mail address");
  const chosen = passwordOf(given);
  const admin = given.switches.has("admin");
  const name = given.values.get("name") ?? "";
  const password = await administration.createUser({ tenantId, id, name, email, admin, password: chosen });
  return answerWithPassword(terminal, `created ${admin ? "admin" : "user"} ${id}`, chosen, password);
}

async function resetPassword(
  given: GivenFlags,
  { administration, tenantId }: Installation,
  terminal: AdminTerminal,
): Promise<string> {
  const userId = required(given, "user");
  const chosen = passwordOf(given);
  const password = await administration.resetPassword(tenantId, userId, chosen);
  return answerWithPassword(terminal, `user ${userId} has another password`, chosen, password);
}

/** The password alone goes to standard output, so that a script can take it. */
function answerWithPassword(
  { writeError }: AdminTerminal,
  done: string,
  chosen: string | undefined,
  password: string,
): string {
  writeError(`${done}\n`);
  return chosen === undefined ? `${password}\n` : "";
}

function passwordOf({ values }: GivenFlags): string | undefined {
  const path = values.get("password-file");
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    throw new UsageError(`--password-file: ${(error as Error).message}`);
  }
  const [line = ""] = text.split(/\r?\n/, 1);
  if (line === "") throw new UsageError("--password-file: the first line is empty");
  return line;
}

const keyOwners = ["user", "application", "gateway", "organization"] as const;

async function createApiKey(given: GivenFlags, { administration, tenantId }: Installation): Promise<string> {
  const owners = keyOwners.filter((type) => given.values.has(type));
  const [type] = owners;
  if (type === undefined || owners.length > 1) {
    throw new UsageError("one of --user, --application, --gateway and --organization is needed");
  }
  const expires = given.values.get("expires");
  const key: NewKey = {
    tenantId,
    type,
    id: required(given, type),
    name: given.values.get("name") ?? "created at the command line",
    rights: parseRights(required(given, "rights"), type),
    expiresAt: expires === undefined ? undefined : parseExpiry(expires, Date.now()),
  };
  return `${await administration.createApiKey(key)}\n`;
}

function parseRights(text: string, type: NewKey["type"]): readonly Right[] {
  const names = text.split(",").map((name) => name.trim().toUpperCase());
  const rights = names.map((name) => {
    const full = name.startsWith("RIGHT_") ? name : `RIGHT_${name}`;
    if (full === "RIGHT_ALL" && type !== "user") return allOf[type];
    const right = [...allRights, Right.ALL].find((each) => rightName(each) === full);
    if (right === undefined) throw new UsageError(`--rights: there is no right ${JSON.stringify(name)}`);
    return right;
  });
  return [...new Set(rights)];
}

const allOf = {
  application: Right.APPLICATION_ALL,
  gateway: Right.GATEWAY_ALL,
  organization: Right.ORGANIZATION_ALL,
} as const;

/** Of the API. */
const latestTimestamp = Date.UTC(9999, 11, 31);

function parseExpiry(text: string, now: number): number {
  let at: number;
  try {
    at = now + duration(text);
  } catch {
    at = Date.parse(text);
  }
  if (Number.isNaN(at))
    throw new UsageError("--expires: expected a duration such as 30d, or a date such as 2027-01-31");
  if (at <= now) throw new UsageError("--expires lies in the past");
  if (at > latestTimestamp) throw new UsageError("--expires lies beyond the year 9999");
  return at;
}

async function listUsers({ administration, tenantId }: Installation): Promise<string> {
  const users = await administration.listUsers(tenantId);
  const rows = users.map((user) => [
    user.ids?.userId ?? "",
    enumName(StateSchema, user.state).replace("STATE_", "").toLowerCase(),
    user.admin ? "admin" : "-",
    user.primaryEmailAddress || "-",
  ]);
  return rows.map((row) => `${row.join("\t")}\n`).join("");
}

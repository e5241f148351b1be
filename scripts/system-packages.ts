import { type ExecFileSyncOptions, execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** A program that the tests run as a real client, and the Debian package that carries it. */
interface SystemProgram {
  readonly program: string;
  readonly debianPackage: string;
}

const needed: readonly SystemProgram[] = [
  { program: "mosquitto_sub", debianPackage: "mosquitto-clients" },
  { program: "mosquitto_pub", debianPackage: "mosquitto-clients" },
  { program: "curl", debianPackage: "curl" },
  { program: "openssl", debianPackage: "openssl" },
];

/** Installs what is missing through apt-get where that is allowed; otherwise names it and throws. */
export function ensureSystemPrograms(): void {
  const packages = missingPackages();
  if (packages.length === 0) return;
  if (process.getuid?.() !== 0 || !isInstalled("apt-get")) {
    throw new Error(
      `the tests need these Debian packages: ${packages.join(" ")}. Run: sudo apt-get install ${packages.join(" ")}`,
    );
  }
  console.log(`installing ${packages.join(" ")} with apt-get`);
  const options: ExecFileSyncOptions = {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  execFileSync("apt-get", ["update", "-qq"], options);
  execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], options);
  const still = missingPackages();
  if (still.length > 0)
    throw new Error(`apt-get installed ${still.join(" ")}, but the programs are not on the PATH`);
}

function missingPackages(): string[] {
  const packages = needed
    .filter(({ program }) => !isInstalled(program))
    .map(({ debianPackage }) => debianPackage);
  return [...new Set(packages)];
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

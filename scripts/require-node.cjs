// Plain JavaScript because it must also load in a Node that cannot read TypeScript: `npm ci` brings the Node that
// Skylark runs on (package.json, optionalDependencies), but not for every platform.
const [major] = process.versions.node.split(".");
if (Number(major) < 26) {
  console.error(
    `Skylark needs Node 26. npm ci brought none for ${process.platform}-${process.arch}, and the one installed is ${process.version}.`,
  );
  process.exit(1);
}

import { run } from "node:test";
import { spec } from "node:test/reporters";

// Two at a time, in the order given, which `node --test` would not keep. Ends with 1 unless all pass.
process.exitCode = 1;
run({ files: process.argv.slice(2), concurrency: 2, timeout: 300_000 })
  .on("test:summary", ({ file, success }) => {
    if (file === undefined && success) process.exitCode = 0;
  })
  .compose(spec)
  .pipe(process.stdout);

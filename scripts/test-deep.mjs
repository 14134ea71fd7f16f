// The long form of the tests with faults: fifty million calls instead of two. `npm run test:deep`.
process.env.SANDERLING_ALL_OPERATIONS ??= "50000000";
process.argv.push("simulation", "defects");
await import("./test.mjs");

/** Two projects: `unit` needs nothing but this machine's processor; `integration` needs a real API server. */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
  },
};

export default {
  // How long a test takes says nothing here: builds run beside it on two cores. A hang is still found.
  testTimeout: 60_000,
  // One more than jest takes by itself: half of the time tests wait for sockets, threads and files.
  maxWorkers: '100%',
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/test/unit/**/*.test.ts'] },
    { ...shared, displayName: 'integration', testMatch: ['<rootDir>/test/integration/**/*.test.ts'] },
  ],
};

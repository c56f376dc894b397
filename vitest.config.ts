import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    pool: 'forks',
    // Two cores are what a small machine has; sockets and namespaces want one of them.
    maxWorkers: 2,
  },
});

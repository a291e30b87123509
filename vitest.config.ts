import { defineConfig } from 'vitest/config';

/** Workspace packages are read from source; the packed artefacts have checks of their own. */
const conditions = ['@lockstep/source'];

/** What is too long for the gate runs with `LOCKSTEP_FULL=1`. */
const long = process.env.LOCKSTEP_FULL === '1' ? [] : ['**/*.full.test.ts'];

/** Starts one PostgreSQL for the run; its tests get databases of their own on it. */
const postgres = [new URL('packages/server/src/testing/global-setup.ts', import.meta.url).pathname];

/** A net under a test that hangs, wide enough for a busy machine; no test is judged by its time. */
const patience = { testTimeout: 60_000, hookTimeout: 120_000 };

const project = (
  name: string,
  root: string,
  environment: 'node' | 'jsdom' = 'node',
  globalSetup: string[] = [],
) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    name,
    root,
    environment,
    globalSetup,
    ...patience,
    include: ['src/**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', '**/e2e/**', ...long],
  },
});

/** The repository's own programs: the gate, the set-up, the benchmark runner. */
const tools = (name: string) => ({
  test: { name, root: name, include: ['**/*.test.ts'], exclude: ['**/node_modules/**'], ...patience },
});

export default defineConfig({
  test: {
    projects: [
      project('protocol', 'packages/protocol'),
      project('lockstep', 'packages/lockstep'),
      project('server', 'packages/server', 'node', postgres),
      project('contract', 'apps/directory/contract'),
      project('directory-server', 'apps/directory/server', 'node', postgres),
      project('web', 'apps/directory/web', 'jsdom'),
      tools('scripts'),
      tools('bench'),
    ],
  },
});

import { defineConfig } from 'vitest/config';

/** Workspace packages are read from source; the packed artefacts have checks of their own. */
const conditions = ['@lockstep/source'];

const project = (name: string, root: string, environment: 'node' | 'jsdom' = 'node') => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    name,
    root,
    environment,
    include: ['src/**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', '**/e2e/**'],
  },
});

/** The repository's own programs: the gate, the set-up, the benchmark runner. */
const tools = (name: string) => ({
  test: { name, root: name, include: ['**/*.test.ts'], exclude: ['**/node_modules/**'] },
});

export default defineConfig({
  test: {
    projects: [
      project('protocol', 'packages/protocol'),
      project('lockstep', 'packages/lockstep'),
      project('server', 'packages/server'),
      project('contract', 'apps/directory/contract'),
      project('directory-server', 'apps/directory/server'),
      project('web', 'apps/directory/web', 'jsdom'),
      tools('scripts'),
      tools('bench'),
    ],
  },
});

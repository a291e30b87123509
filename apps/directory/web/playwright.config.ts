import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';
import type { TestFixtures, WorkerFixtures } from './e2e/test.ts';

/** The browser that is there already; without one, Playwright's own. */
const chromium = [process.env['CHROMIUM'], '/usr/bin/chromium'].find(
  (path) => path !== undefined && path !== '' && existsSync(path),
);

export default defineConfig<TestFixtures, WorkerFixtures>({
  testDir: 'e2e',
  outputDir: 'test-results',
  timeout: 120_000,
  expect: { timeout: 20_000 },
  workers: 2,
  fullyParallel: true,
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list']],
  use: {
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    colorScheme: 'light',
    trace: 'retain-on-failure',
    launchOptions: {
      ...(chromium !== undefined && { executablePath: chromium }),
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-component-update',
        '--no-first-run',
      ],
    },
  },
  projects: [
    { name: 'build', testMatch: 'build.setup.ts' },
    { name: 'browser', testMatch: '*.spec.ts', dependencies: ['build'] },
    {
      name: 'screenshots',
      testMatch: 'screenshots.ts',
      dependencies: ['build'],
      use: { deviceScaleFactor: 2, people: 10_000 },
    },
  ],
});

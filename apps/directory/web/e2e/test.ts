import { AxeBuilder } from '@axe-core/playwright';
import type { BrowserContext, Page } from '@playwright/test';
import { test as base, expect } from '@playwright/test';
import type { Directory } from './directory.ts';
import { startDirectory } from './directory.ts';

export interface TestFixtures {
  /** What browsers may complain about in this test, besides nothing. */
  readonly allowed: RegExp | null;
  /** A page of which every complaint fails the test: console errors and warnings, exceptions, refused styles and scripts. */
  readonly page: Page;
  /** A second browser, with the same watch. */
  readonly other: Page;
}

export interface WorkerFixtures {
  /** How many demo people the server starts with. */
  readonly people: number;
  readonly directory: Directory;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  people: [3000, { scope: 'worker', option: true }],
  directory: [
    async ({ people }, use) => {
      const directory = await startDirectory(people);
      await use(directory);
      await directory.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  baseURL: ({ directory }, use) => use(directory.url),
  allowed: [null, { option: true }],
  page: async ({ context, allowed }, use) => {
    const { page, complaints } = await watched(context);
    await use(page);
    expect(complaints.filter((text) => allowed?.test(text) !== true)).toEqual([]);
  },
  other: async ({ browser, baseURL, allowed, locale, timezoneId, viewport }, use) => {
    const context = await browser.newContext({
      ...(baseURL !== undefined && { baseURL }),
      ...(locale !== undefined && { locale }),
      ...(timezoneId !== undefined && { timezoneId }),
      viewport: viewport ?? null,
    });
    const { page, complaints } = await watched(context);
    await use(page);
    await context.close();
    expect(complaints.filter((text) => allowed?.test(text) !== true)).toEqual([]);
  },
});

export { expect };

async function watched(context: BrowserContext): Promise<{ page: Page; complaints: string[] }> {
  const complaints: string[] = [];
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy ${event.violatedDirective} refused ${event.blockedURI}`);
    });
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  return { page, complaints };
}

/** Signs the administrator in, wherever the page then leads. */
export async function signIn(page: Page, directory: Directory, address = '/people'): Promise<void> {
  await page.goto(address);
  await page.getByLabel('Email').fill(directory.email);
  await page.getByLabel('Password', { exact: true }).fill(directory.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('button', { name: /^Account of/ })).toBeVisible();
}

export const grid = (page: Page) => page.getByRole('grid', { name: 'People' });

export const personRows = (page: Page) => grid(page).locator('[data-person]');

/** Waits until the page hears of other people's changes. */
export async function untilLive(page: Page): Promise<void> {
  await expect(page.getByText('Live', { exact: true })).toBeAttached();
}

/** A person that this test alone changes: made through the API, by the signed-in page. */
export async function makePerson(
  page: Page,
  directory: Directory,
  name: string,
): Promise<{ id: string; version: number }> {
  const email = `${crypto.randomUUID()}@example.org`;
  const answer = await page.request.post('/api/users', {
    data: { name, email },
    headers: { origin: directory.url },
  });
  expect(answer.status()).toBe(201);
  const body: { data: { id: string; version: number } } = await answer.json();
  return body.data;
}

export async function changePerson(
  page: Page,
  directory: Directory,
  id: string,
  changes: object,
): Promise<void> {
  const answer = await page.request.patch(`/api/users/${id}`, {
    data: changes,
    headers: { origin: directory.url },
  });
  expect(answer.status()).toBe(200);
}

/** Expects that axe finds nothing to object to in what is on screen. */
export async function expectAccessible(page: Page): Promise<void> {
  // What fades in or out has no contrast of its own yet. What breathes for ever is no matter of waiting.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity)
        .map((animation) => animation.finished.catch(() => null)),
    ),
  );
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(({ id, nodes }) => ({ id, at: nodes.map(({ html }) => html.slice(0, 200)) })),
  ).toEqual([]);
}

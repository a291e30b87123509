import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, personRows, signIn, test, untilLive } from './test.ts';

/** Where the pictures of the README are. */
const folder = resolve(import.meta.dirname, '../../../../docs/images');

test.beforeAll(async () => {
  await mkdir(folder, { recursive: true });
});

async function picture(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', caret: 'hide' });
}

async function list(page: Page): Promise<void> {
  await expect(personRows(page).nth(10)).toBeVisible();
  await untilLive(page);
}

test('sign in', async ({ page, directory }) => {
  await page.goto('/');
  await page.getByLabel('Email').fill(directory.email);
  await page.getByLabel('Password', { exact: true }).fill('a password of many words');
  await picture(page, 'sign-in');
});

test('people', async ({ page, directory }) => {
  await signIn(page, directory);
  await list(page);
  await picture(page, 'people');
});

test.describe('dark', () => {
  test.use({ colorScheme: 'dark' });

  test('people', async ({ page, directory }) => {
    await signIn(page, directory, '/people?isActive=true&sortBy=name');
    await list(page);
    await picture(page, 'people-dark');
  });
});

test('person', async ({ page, directory }) => {
  await signIn(page, directory);
  await list(page);
  await personRows(page).nth(6).click();
  await page.getByLabel('Role', { exact: true }).selectOption('moderator');
  await picture(page, 'person');
});

test.describe('phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  test('people', async ({ page, directory }) => {
    await signIn(page, directory);
    await list(page);
    await picture(page, 'phone');
  });
});

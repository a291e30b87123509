import { expect, expectAccessible, grid, personRows, signIn, test } from './test.ts';

test.describe('accessible', () => {
  test('signing in', async ({ page }) => {
    await page.goto('/');
    await expect(page.getByLabel('Email')).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press('Enter');
    await expect(page.getByText('Enter your password.')).toBeVisible();
    await expectAccessible(page);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(colorScheme, () => {
      test.use({ colorScheme });

      test('the list', async ({ page, directory }) => {
        await signIn(page, directory);
        await expect(personRows(page).first()).toBeVisible();
        await expectAccessible(page);
      });

      test('its menus', async ({ page, directory }) => {
        await signIn(page, directory);
        await expect(personRows(page).first()).toBeVisible();
        await page.getByRole('button', { name: 'Role', exact: true }).first().click();
        await expect(page.getByRole('menu')).toBeVisible();
        await expectAccessible(page);
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: /^Account of/ }).click();
        await expect(page.getByRole('menu')).toBeVisible();
        await expectAccessible(page);
      });

      test('a person in the middle of an edit', async ({ page, directory }) => {
        await signIn(page, directory);
        await personRows(page).nth(4).click();
        await page.getByLabel('Name', { exact: true }).fill('Somebody else');
        await expectAccessible(page);
      });

      test('nobody found', async ({ page, directory }) => {
        await signIn(page, directory, '/people?search=nobody-has-this-name');
        await expect(page.getByText('Nobody matches')).toBeVisible();
        await expectAccessible(page);
      });
    });
  }

  test('from right to left', async ({ page, directory }) => {
    await signIn(page, directory);
    await expect(personRows(page).first()).toBeVisible();
    await page.evaluate(() => {
      document.documentElement.dir = 'rtl';
    });
    await personRows(page).nth(4).click();
    await expect(page.getByLabel('Name', { exact: true })).toBeVisible();
    await expectAccessible(page);
    const list = await grid(page).boundingBox();
    const panel = await page.getByRole('region').boundingBox();
    expect(panel?.x ?? Number.NaN).toBeLessThan(list?.x ?? Number.NaN);
  });
});

test('the look is chosen, kept through a reload, and follows the system again when asked to', async ({
  page,
  directory,
}) => {
  await signIn(page, directory);
  const scheme = () => page.evaluate(() => document.documentElement.dataset['mantineColorScheme']);
  const choose = async (name: string): Promise<void> => {
    await page.getByRole('button', { name: /^Account of/ }).click();
    await page.getByRole('menuitemradio', { name }).click();
    await page.keyboard.press('Escape');
  };
  expect(await scheme()).toBe('light');
  await choose('Dark');
  expect(await scheme()).toBe('dark');
  await page.reload();
  await expect(personRows(page).first()).toBeVisible();
  expect(await scheme()).toBe('dark');
  await choose('As the system');
  expect(await scheme()).toBe('light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(scheme).toBe('dark');
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  test('nothing goes beyond the screen, and a person takes it all and gives it back as it was', async ({
    page,
    directory,
  }) => {
    await signIn(page, directory);
    await expect(personRows(page).first()).toBeVisible();
    await expectAccessible(page);
    const overflow = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await overflow()).toBe(0);
    await grid(page).evaluate((element) => element.scrollTo({ top: 1500 }));
    await expect.poll(() => personRows(page).first().getAttribute('aria-rowindex')).not.toBe('2');
    const name = await personRows(page).nth(14).getByRole('link').innerText();
    await personRows(page).nth(14).tap();
    await expect(page.getByRole('heading', { name, level: 2 })).toBeVisible();
    const panel = await page.getByRole('region').boundingBox();
    expect(panel).toMatchObject({ x: 0, y: 0, width: 390, height: 844 });
    expect(await overflow()).toBe(0);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Close' }).tap();
    await expect(page.getByRole('region')).toHaveCount(0);
    expect(await grid(page).evaluate((element) => element.scrollTop)).toBe(1500);
  });
});

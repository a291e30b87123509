import { expect, grid, makePerson, personRows, signIn, test } from './test.ts';

test('everything goes by keyboard alone', async ({ page, directory }) => {
  await page.goto('/people');
  await expect(page.getByLabel('Email')).toBeFocused();
  await page.keyboard.type(directory.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(directory.password);
  await page.keyboard.press('Enter');
  await expect(personRows(page).first()).toBeVisible();
  await makePerson(page, directory, 'Kim Keyboard');

  await page.keyboard.press('/');
  await expect(page.getByLabel('Search people')).toBeFocused();
  await page.keyboard.type('Kim Keyboard');
  await expect(personRows(page)).toHaveCount(1);
  await page.keyboard.press('ArrowDown');
  await expect(grid(page)).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(grid(page)).toHaveAttribute('aria-activedescendant', 'person-row-0');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Kim Keyboard' })).toBeFocused();

  await page.keyboard.press('Tab');
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('Kim Keyboard the Second');
  await page.keyboard.press('ControlOrMeta+s');
  await expect(page.getByText(/^Saved/)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(grid(page)).toBeFocused();
  await expect(page.getByRole('heading', { name: 'Kim Keyboard the Second' })).toHaveCount(0);
});

test('the list goes by arrows, pages and ends, and the row in use is always in view', async ({
  page,
  directory,
}) => {
  await signIn(page, directory);
  await expect(personRows(page).first()).toBeVisible();
  await grid(page).focus();
  const active = async (index: number): Promise<void> => {
    await expect(grid(page)).toHaveAttribute('aria-activedescendant', `person-row-${index}`);
    await expect(page.locator(`#person-row-${index}`)).toBeInViewport({ ratio: 0.9 });
  };
  await page.keyboard.press('ArrowDown');
  await active(0);
  for (let presses = 0; presses < 30; presses += 1) await page.keyboard.press('ArrowDown');
  await active(30);
  await page.keyboard.press('ArrowUp');
  await active(29);
  await page.keyboard.press('Home');
  await active(0);
  await page.keyboard.press('PageDown');
  await expect(grid(page)).not.toHaveAttribute('aria-activedescendant', 'person-row-0');
  await page.keyboard.press('PageUp');
  await active(0);
});

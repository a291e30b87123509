import { expect, grid, personRows, signIn, test } from './test.ts';

test.describe('signing in', () => {
  test('leads to where one was going, and lasts through a reload', async ({ page, directory }) => {
    await signIn(page, directory, '/people?role=moderator');
    await expect(page).toHaveURL(/\/people\?role=moderator$/);
    await expect(personRows(page).first()).toContainText('Moderator');
    await page.reload();
    await expect(personRows(page).first()).toContainText('Moderator');
  });

  test('begins in the email field, fits password managers, and needs both', async ({ page }) => {
    await page.goto('/');
    await expect(page).toHaveURL(/\/sign-in$/);
    await expect(page.getByLabel('Email')).toBeFocused();
    await expect(page.getByLabel('Email')).toHaveAttribute('autocomplete', 'username');
    await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute(
      'autocomplete',
      'current-password',
    );
    await page.keyboard.press('Enter');
    await expect(page.getByText('Enter your email address.')).toBeVisible();
    await expect(page.getByText('Enter your password.')).toBeVisible();
    await expect(page.getByLabel('Email')).toBeFocused();
  });

  test.describe('with a wrong password', () => {
    test.use({ allowed: /status of 401/ });

    test('says so kindly and keeps the email', async ({ page, directory }) => {
      await page.goto('/people');
      await page.getByLabel('Email').fill(directory.email);
      await page.getByLabel('Password', { exact: true }).fill('not this one');
      await page.keyboard.press('Enter');
      await expect(page.getByRole('alert')).toHaveText(
        'This email and password do not belong together. Check both and try again.',
      );
      await expect(page.getByLabel('Email')).toHaveValue(directory.email);
      await expect(page.getByLabel('Password', { exact: true })).toBeFocused();
    });
  });
});

test('I7 signing out leaves nothing behind, not even by going back', async ({ page, directory }) => {
  await signIn(page, directory);
  await personRows(page).first().click();
  await expect(page.getByLabel('Name', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByText('You are signed out.')).toBeVisible();
  await page.goBack();
  await expect(page.getByLabel('Email')).toBeVisible();
  await expect(grid(page)).toHaveCount(0);
  await page.goto('/people');
  await expect(page).toHaveURL(/\/sign-in$/);
  expect(await page.context().cookies()).toEqual([]);
});

import type { Page, WebSocketRoute } from '@playwright/test';
import { changePerson, expect, grid, makePerson, personRows, signIn, test, untilLive } from './test.ts';

const scrollTop = (page: Page): Promise<number> => grid(page).evaluate((element) => element.scrollTop);

async function scrollBy(page: Page, pixels: number): Promise<void> {
  await grid(page).evaluate(
    (element, by) =>
      new Promise((done) => {
        element.addEventListener('scroll', () => requestAnimationFrame(() => requestAnimationFrame(done)), {
          once: true,
        });
        element.scrollBy({ top: by });
      }),
    pixels,
  );
}

const lastIndex = (page: Page): Promise<number> =>
  personRows(page)
    .last()
    .evaluate((row) => Number(row.getAttribute('aria-rowindex')) - 2);

test('scrolls past 500 rows with at most 80 in the page, and reads no layout while it scrolls', async ({
  page,
  directory,
}) => {
  await page.addInitScript(() => {
    const reads: string[] = [];
    let scrolling = 0;
    Object.assign(window, { layoutReads: reads });
    const add = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (type, listener, options) {
      if (type !== 'scroll' || typeof listener !== 'function') return add.call(this, type, listener, options);
      const wrapped = function (this: unknown, event: Event): void {
        scrolling += 1;
        try {
          Reflect.apply(listener, this, [event]);
        } finally {
          scrolling -= 1;
        }
      };
      return add.call(this, type, wrapped, options);
    };
    const watch = (prototype: object, name: string): void => {
      const own = Object.getOwnPropertyDescriptor(prototype, name);
      if (own === undefined) return;
      const note = (): void => {
        if (scrolling > 0) reads.push(name);
      };
      const { get, value } = own;
      Object.defineProperty(prototype, name, {
        ...own,
        ...(get !== undefined && {
          get(this: unknown) {
            note();
            return get.call(this);
          },
        }),
        ...(typeof value === 'function' && {
          value(this: unknown, ...args: unknown[]) {
            note();
            return value.apply(this, args);
          },
        }),
      });
    };
    for (const name of ['offsetHeight', 'offsetWidth', 'offsetTop', 'offsetLeft', 'innerText'])
      watch(HTMLElement.prototype, name);
    for (const name of [
      'clientHeight',
      'clientWidth',
      'scrollHeight',
      'scrollWidth',
      'getBoundingClientRect',
      'getClientRects',
    ]) {
      watch(Element.prototype, name);
    }
    watch(window, 'getComputedStyle');
  });
  await signIn(page, directory);
  await expect(personRows(page).first()).toBeVisible();
  let most = 0;
  for (let steps = 0; (await lastIndex(page)) <= 520 && steps < 200; steps += 1) {
    await scrollBy(page, 600);
    most = Math.max(most, await personRows(page).count());
    await expect(personRows(page).first()).toBeVisible();
  }
  expect(await lastIndex(page)).toBeGreaterThan(520);
  expect(most).toBeLessThanOrEqual(80);
  expect(await page.evaluate(() => Reflect.get(window, 'layoutReads'))).toEqual([]);
  const rowCount = Number(await grid(page).getAttribute('aria-rowcount'));
  expect(rowCount).toBeGreaterThan(3000);
});

test('G48 search as one types shows those who match, keeps the text in the address, and survives a reload', async ({
  page,
  directory,
}) => {
  await signIn(page, directory);
  await makePerson(page, directory, 'Zębulon Übermaß');
  await page.getByLabel('Search people').pressSequentially('ZEBULON uber');
  await expect(personRows(page)).toHaveCount(1);
  await expect(personRows(page).first()).toContainText('Zębulon Übermaß');
  await expect(page.getByText('1 found')).toBeVisible();
  await expect(page).toHaveURL(/\?search=ZEBULON\+uber$/);
  await page.reload();
  await expect(page.getByLabel('Search people')).toHaveValue('ZEBULON uber');
  await expect(personRows(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Clear the search' }).click();
  await expect(page).toHaveURL(/\/people$/);
  await expect(personRows(page).nth(5)).toBeVisible();
});

test('filters and order are in the address, survive a reload, and go back one by one', async ({
  page,
  directory,
}) => {
  await signIn(page, directory);
  await page.getByRole('button', { name: 'Role', exact: true }).first().click();
  await page.getByRole('menuitemradio', { name: /^Admin/ }).click();
  await expect(page).toHaveURL(/\?role=admin$/);
  await page.getByRole('columnheader', { name: 'Name' }).getByRole('button').click();
  await expect(page).toHaveURL(/\?role=admin&sortBy=name$/);
  await page.reload();
  await expect(page.getByRole('columnheader', { name: 'Name' })).toHaveAttribute('aria-sort', 'ascending');
  await expect(personRows(page).first()).toContainText('Admin');
  await expect(page.getByRole('button', { name: 'Role Admin' })).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(/\?role=admin$/);
  await page.goBack();
  await expect(page).toHaveURL(/\/people$/);
});

test('nobody found has a way out', async ({ page, directory }) => {
  await signIn(page, directory, '/people?search=nobody-has-this-name&role=admin');
  await expect(page.getByText('Nobody matches')).toBeVisible();
  await page.getByRole('status').getByRole('button', { name: 'Clear filters' }).click();
  await expect(personRows(page).first()).toBeVisible();
});

test.describe('when the list cannot be read', () => {
  test.use({ allowed: /net::ERR_FAILED/ });

  test('it says so and can be asked for again', async ({ page, directory }) => {
    await page.route('**/api/users/infinite**', (route) => route.abort());
    await signIn(page, directory);
    await expect(page.getByText('The list did not arrive')).toBeVisible();
    await page.unroute('**/api/users/infinite**');
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(personRows(page).first()).toBeVisible();
  });
});

test('a person opens beside the list, which keeps its place', async ({ page, directory }) => {
  await signIn(page, directory);
  await expect(personRows(page).first()).toBeVisible();
  await scrollBy(page, 3000);
  const before = await scrollTop(page);
  const row = personRows(page).nth(20);
  const name = await row.getByRole('link').innerText();
  await row.click();
  await expect(page.getByRole('heading', { name, level: 2 })).toBeVisible();
  await expect(page).toHaveTitle(`${name} · Directory`);
  expect(await scrollTop(page)).toBe(before);
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('heading', { name, level: 2 })).toHaveCount(0);
  expect(await scrollTop(page)).toBe(before);
  await expect(grid(page)).toBeFocused();
});

test('a second browser sees an edit without a reload, in the list and on the person', async ({
  page,
  other,
  directory,
}) => {
  await signIn(page, directory);
  const { id } = await makePerson(page, directory, 'Before the edit');
  await signIn(other, directory, `/people/${id}?search=the+edit`);
  await page.goto(`/people/${id}`);
  await untilLive(other);
  await expect(personRows(other).first()).toContainText('Before the edit');
  await page.getByLabel('Name', { exact: true }).fill('After the edit');
  await page.getByLabel('Role', { exact: true }).selectOption('moderator');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/^Saved/)).toBeVisible();
  await expect(personRows(other).first()).toContainText('After the edit');
  await expect(personRows(other).first()).toContainText('Moderator');
  await expect(other.getByRole('heading', { name: 'After the edit' })).toBeVisible();
  await expect(other.getByLabel('Name', { exact: true })).toHaveValue('After the edit');
});

test('people who come are announced, and the total moves at once', async ({ page, other, directory }) => {
  await signIn(page, directory);
  const mark = crypto.randomUUID().slice(0, 8);
  await makePerson(page, directory, `${mark} one`);
  await signIn(other, directory, `/people?search=${mark}`);
  await untilLive(other);
  await expect(other.getByText('1 found')).toBeVisible();
  await makePerson(page, directory, `${mark} two`);
  await expect(other.getByText('2 found')).toBeVisible();
  await expect(personRows(other)).toHaveCount(1);
  await other.getByRole('button', { name: '1 new' }).click();
  await expect(personRows(other)).toHaveCount(2);
});

test('G40 what happened while the connection was broken is there when it is back, without a reload', async ({
  page,
  other,
  directory,
}) => {
  await signIn(page, directory);
  const { id } = await makePerson(page, directory, 'Seen before');
  const open: WebSocketRoute[] = [];
  let isBroken = false;
  await other.routeWebSocket('**/realtime', (socket) => {
    if (isBroken) {
      void socket.close({ code: 1012 });
      return;
    }
    socket.connectToServer();
    open.push(socket);
  });
  await signIn(other, directory, `/people/${id}`);
  await untilLive(other);
  isBroken = true;
  for (const socket of open) await socket.close({ code: 1012 });
  await expect(other.getByText('Reconnecting')).toBeAttached();
  await changePerson(page, directory, id, { name: 'Changed meanwhile' });
  await expect(other.getByRole('heading', { name: 'Seen before' })).toBeVisible();
  isBroken = false;
  await untilLive(other);
  await expect(other.getByRole('heading', { name: 'Changed meanwhile' })).toBeVisible();
});

test('F18 two people edit one person: other fields merge, the same field asks', async ({
  page,
  other,
  directory,
}) => {
  await signIn(page, directory);
  const { id } = await makePerson(page, directory, 'Shared');
  await page.goto(`/people/${id}`);
  await page.getByLabel('Name', { exact: true }).fill('Mine');
  await signIn(other, directory, `/people/${id}`);
  await untilLive(page);
  await changePerson(other, directory, id, { preferences: { language: 'ja' } });
  await expect(page.getByLabel('Language', { exact: true })).toHaveValue('ja');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Mine');
  await changePerson(other, directory, id, { name: 'Theirs' });
  await expect(page.getByText('Choose which values to keep.')).toBeVisible();
  await page.getByRole('button', { name: 'Keep mine' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/^Saved/)).toBeVisible();
  await expect(other.getByRole('heading', { name: 'Mine' })).toBeVisible();
});

test.describe('an address that somebody has', () => {
  test.use({ allowed: /status of 409/ });

  test('is refused beside its field, and nothing typed is lost', async ({ page, directory }) => {
    await signIn(page, directory);
    const { id } = await makePerson(page, directory, 'Second');
    await page.goto(`/people/${id}`);
    await page.getByLabel('Email').fill(directory.email.toUpperCase());
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Another person already has this address.')).toBeVisible();
    await expect(page.getByLabel('Email')).toHaveValue(directory.email.toUpperCase());
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByLabel('Search people').fill('Second');
    await expect(personRows(page).filter({ hasText: 'Not saved' })).toHaveCount(1);
    page.on('dialog', (dialog) => void dialog.accept());
  });
});

test('a hostile name is text and nothing else', async ({ page, directory }) => {
  await signIn(page, directory);
  const name = '<img src=x onerror="document.title=1"> </script>';
  await makePerson(page, directory, name);
  await page.goto('/people?search=onerror');
  await expect(personRows(page).first()).toContainText(name);
  await personRows(page).first().click();
  await expect(page.getByRole('heading', { name })).toBeVisible();
  await expect(page).toHaveTitle(`${name} · Directory`);
});

import { act, cleanup, screen, waitFor } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { Profiler } from 'react';
import { Route, Routes } from 'react-router';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { changesReceived } from '../../app/live-slice.ts';
import type { Person } from '../../app/types.ts';
import type { Answer, Sent } from '../../testing/fake-server.ts';
import { aPerson, fakeServer, held, problem } from '../../testing/fake-server.ts';
import { renderFor } from '../../testing/render-app.tsx';
import { PeoplePage } from './people-page.tsx';

const avatarRenders: string[] = [];

// Every row draws one avatar and nothing else does: counting avatars counts rows, without a hook in the product.
vi.mock('../../ui/avatar.tsx', () => ({
  Avatar: ({ name }: { name: string }) => {
    avatarRenders.push(name);
    return null;
  },
}));

beforeEach(() => {
  avatarRenders.length = 0;
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const me = aPerson(9999, { role: 'admin', name: 'Me' });
const crowd = Array.from({ length: 250 }, (_, number) => aPerson(number));

const serveList =
  (people: readonly Person[]) =>
  ({ path }: Sent): Answer => {
    const url = new URL(path, 'http://x');
    if (url.pathname === '/api/users/stats') {
      return {
        body: { data: { total: 1, active24h: 1, active7d: 1, byRole: { admin: 0, moderator: 0, user: 1 } } },
      };
    }
    const search = url.searchParams.get('search') ?? '';
    const found = people.filter(({ name }) => name.toLowerCase().includes(search.toLowerCase()));
    const start = Number(url.searchParams.get('cursor') ?? 0);
    const end = start + 100;
    return {
      headers: { 'lockstep-offset': '10' },
      body: {
        users: found.slice(start, end),
        hasMore: end < found.length,
        total: found.length,
        ...(end < found.length && { nextCursor: String(end) }),
      },
    };
  };

const page = (
  <Routes>
    <Route path="/people" element={<PeoplePage />} />
  </Routes>
);

const update = (after: Person, lastOffset: number) =>
  changesReceived({
    changes: [
      {
        entity: 'user',
        id: after.id,
        op: 'update',
        version: after.version,
        row: { ...after },
        before: {},
        actor: null,
        at: '2026-01-01T00:00:00.000Z',
      } as never,
    ],
    lastOffset,
  });

test('shows the true total, and only the rows that can be seen exist', async () => {
  fakeServer(serveList(crowd));
  renderFor(me, page);
  await screen.findByText('Person 0');
  expect(screen.getByRole('grid').getAttribute('aria-rowcount')).toBe('251');
  expect(screen.getByText('250')).toBeDefined();
  expect(document.querySelectorAll('[data-person]').length).toBeLessThanOrEqual(80);
});

test('G10 one changed row renders one row, in one commit', async () => {
  fakeServer(serveList(crowd));
  const commits: string[] = [];
  const { store } = renderFor(
    me,
    <Profiler id="page" onRender={(_id, phase) => commits.push(phase)}>
      {page}
    </Profiler>,
  );
  await screen.findByText('Person 0');
  await waitFor(() => expect(store.getState().api.queries['getStats(undefined)']?.status).toBe('fulfilled'));
  avatarRenders.length = 0;
  commits.length = 0;
  act(() => {
    store.dispatch(update({ ...aPerson(3), name: 'Changed', version: 2 }, 11));
  });
  await screen.findByText('Changed');
  expect(avatarRenders).toEqual(['Changed']);
  expect(commits).toHaveLength(1);
});

test('G48 a longer search at once narrows what is shown, and an answer to the older search is never shown', async () => {
  const late = held<Answer>();
  const people = [aPerson(1, { name: 'Ann' }), aPerson(2, { name: 'Anders' }), aPerson(3, { name: 'Bob' })];
  const answer = serveList(people);
  fakeServer((sent) =>
    sent.path.includes('search=an&') || sent.path.endsWith('search=an') ? late.promise : answer(sent),
  );
  renderFor(me, page);
  await screen.findByText('Bob');
  const box = screen.getByLabelText('Search people');
  await userEvent.type(box, 'an');
  await waitFor(() => expect(screen.queryByText('Bob')).toBeNull());
  expect(screen.getByText('Anders')).toBeDefined();
  await userEvent.type(box, 'n');
  await waitFor(() => expect(screen.queryByText('Anders')).toBeNull());
  await screen.findByText('1 found');
  late.resolve({ body: { users: people, hasMore: false, total: 3 } });
  await act(() => late.promise);
  expect(screen.queryByText('Bob')).toBeNull();
  expect(screen.getByText('1 found')).toBeDefined();
});

test('nobody found has a way out', async () => {
  fakeServer(serveList(crowd));
  renderFor(me, page, '/people?search=nobody');
  await screen.findByText('Nobody matches');
  const [clear] = screen.getAllByRole('button', { name: 'Clear filters' });
  if (clear !== undefined) await userEvent.click(clear);
  expect(await screen.findByText('Person 0')).toBeDefined();
});

test('a list that does not arrive says so and can be asked for again', async () => {
  let broken = true;
  const answer = serveList(crowd);
  fakeServer((sent) => (broken && sent.path.includes('infinite') ? problem(500, 'internal') : answer(sent)));
  renderFor(me, page);
  await screen.findByRole('alert');
  expect(screen.getByText('Request r-1')).toBeDefined();
  broken = false;
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  await screen.findByText('Person 0');
});

test('an empty directory is not an error', async () => {
  fakeServer(serveList([]));
  renderFor(me, page);
  expect(await screen.findByText('There is nobody here yet')).toBeDefined();
  expect(screen.queryByRole('alert')).toBeNull();
});

test('people who come are announced and do not push the rows; the announcement reads the list anew', async () => {
  const people = [aPerson(1, { name: 'Ann' })];
  fakeServer(({ path }) => serveList(people)({ path } as Sent));
  const { store } = renderFor(me, page);
  await screen.findByText('Ann');
  people.push(aPerson(2, { name: 'Newcomer' }));
  act(() => {
    store.dispatch(
      changesReceived({
        changes: [
          {
            entity: 'user',
            id: aPerson(2).id,
            op: 'insert',
            version: 1,
            row: { ...people[1] },
            actor: null,
            at: '2026-01-01T00:00:00.000Z',
          } as never,
        ],
        lastOffset: 11,
      }),
    );
  });
  expect(screen.queryByText('Newcomer')).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: '1 new' }));
  await screen.findByText('Newcomer');
  expect(screen.queryByRole('button', { name: '1 new' })).toBeNull();
});

test('a reader without rights is not offered what would be refused', async () => {
  fakeServer(serveList(crowd));
  renderFor(aPerson(9999, { role: 'user' }), page);
  await screen.findByText('Person 0');
  expect(screen.queryByRole('button', { name: /^Language/ })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Email' })).toBeNull();
  expect(screen.getByRole('button', { name: 'Name' })).toBeDefined();
});

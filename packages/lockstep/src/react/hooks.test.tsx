// @vitest-environment jsdom
import { StrictMode, memo } from 'react';
import { act, render, screen } from '@testing-library/react';
import { Provider } from 'react-redux';
import { renderToString } from 'react-dom/server';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { cleanup } from '@testing-library/react';
import { peopleApp, person } from '../test-support/people-app.ts';
import { settle } from '../test-support/people-server.ts';
import type { Person } from '../test-support/people-server.ts';
import { FakeRequest } from '../test-support/fake-request.ts';
import type { UploadHandle } from './index.ts';
import {
  useAggregate,
  useDebouncedQuery,
  useOutbox,
  usePending,
  useRow,
  useUpload,
  useView,
} from './index.ts';

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const byName = [{ key: (row: Person) => row.name, direction: 'asc' }] as const;
const people = Array.from({ length: 50 }, (_, at) => person(`p${String(at).padStart(2, '0')}`));

function app() {
  const made = peopleApp(people);
  const { users, runtime } = made;
  runtime.confirm(people.map((row) => ({ collection: users.name, row })));
  const renders = new Map<string, number>();
  const count = (name: string): void => void renders.set(name, (renders.get(name) ?? 0) + 1);

  const Line = memo(function Line({ id }: { id: string }) {
    const row = useRow(users, id);
    count(id);
    return <li>{row?.name ?? 'nobody'}</li>;
  });
  function List({ limit = 10 }: { limit?: number }) {
    const { rows, total } = useView({ collection: users, order: byName, window: { offset: 0, limit } });
    count('list');
    return (
      <ul aria-label={`${total} people`}>
        {rows.map(({ id }) => (
          <Line key={id} id={id} />
        ))}
      </ul>
    );
  }
  const page = (children: React.ReactNode) => <Provider store={made.store}>{children}</Provider>;
  return { ...made, renders, List, Line, page };
}

describe('rows', () => {
  test('S8.18 G10 a row’s edit renders that row, and its list once; a row outside the window renders nothing', async () => {
    const { List, page, renders, update, runtime } = app();
    render(page(<List />));
    renders.clear();
    await act(async () => {
      await update('p03', { preferences: { theme: 'dark' } });
    });
    expect([...renders.keys()].filter((name) => name !== 'list')).toEqual(['p03']);
    renders.clear();
    act(() => runtime.confirm([{ collection: 'users', row: person('p40', { role: 'admin', version: 9 }) }]));
    expect([...renders]).toEqual([]);
  });

  test('S8.18 rows enter and leave a window in place', () => {
    const { List, page, runtime } = app();
    render(page(<List limit={3} />));
    act(() => runtime.confirm([{ collection: 'users', row: person('a', { name: 'aaa' }) }]));
    expect(screen.getAllByRole('listitem').map((item) => item.textContent)).toEqual(['aaa', 'p00', 'p01']);
    expect(screen.getByRole('list', { name: '51 people' })).toBeTruthy();
    act(() => runtime.confirm([{ collection: 'users', id: 'p00', removed: true, version: 2 }]));
    expect(screen.getAllByRole('listitem').map((item) => item.textContent)).toEqual(['aaa', 'p01', 'p02']);
  });

  test('S8.18 G10 figures render when they change, and not otherwise', async () => {
    const { users, page, update } = app();
    let renders = 0;
    const spec = { collection: users, groupBy: (row: Person) => row.role };
    function Figures() {
      const { count, groups } = useAggregate(spec);
      renders += 1;
      return <p>{`${count} ${groups.get('admin') ?? 0}`}</p>;
    }
    render(page(<Figures />));
    renders = 0;
    await act(async () => void (await update('p01', { name: 'x' })));
    expect(renders).toBe(0);
    await act(async () => void (await update('p01', { role: 'admin' })));
    expect(screen.getByText('50 1')).toBeTruthy();
    expect(renders).toBe(1);
  });

  test('S8.21 StrictMode and the default development checks find nothing to say', async () => {
    const warn = vi.spyOn(console, 'warn');
    const error = vi.spyOn(console, 'error');
    const { List, page, update, open } = app();
    await open({});
    render(<StrictMode>{page(<List />)}</StrictMode>);
    await act(async () => void (await update('p03', { name: 'zz' })));
    expect(screen.queryByText('p03')).toBeNull();
    expect([...warn.mock.calls, ...error.mock.calls]).toEqual([]);
  });

  test('S8.21 server rendering shows the rows that are there', () => {
    const { List, page } = app();
    expect(renderToString(page(<List limit={2} />))).toContain('<li>p00</li><li>p01</li>');
  });
});

describe('pending', () => {
  test('S8.3 a row tells that it waits, and the queue tells why', async () => {
    const { page, runtime, update } = app();
    function State() {
      const mine = usePending({ collection: 'users', id: 'p01' });
      const all = usePending();
      const { state, entries } = useOutbox();
      return <p>{`${mine.length} of ${all.length}, ${entries.length} ${state.kind}`}</p>;
    }
    runtime.outbox.pause('offline');
    render(page(<State />));
    await act(async () => {
      await update('p01', { name: 'x' });
      await update('p02', { name: 'y' });
    });
    expect(screen.getByText('1 of 2, 2 paused')).toBeTruthy();
    await act(async () => {
      runtime.outbox.resume('offline');
      await settle();
    });
    expect(screen.getByText('0 of 0, 0 open')).toBeTruthy();
  });
});

describe('queries', () => {
  test('S8.19 G48 nothing older than the argument is shown, and nothing at all while it is too short', () => {
    vi.useFakeTimers();
    const asked: unknown[] = [];
    const useSearch = (argument: unknown) => {
      const isAsked = typeof argument === 'string';
      if (isAsked && asked.at(-1) !== argument) asked.push(argument);
      return { ...(isAsked && { currentData: `answer to ${argument}` }), isFetching: false };
    };
    const { page } = app();
    function Search({ text }: { text: string }) {
      const { data, isPending } = useDebouncedQuery(
        useSearch as (argument: string | symbol) => { currentData?: string; isFetching: boolean },
        text,
        { skip: text.length < 2 },
      );
      return <p>{`${data ?? 'nothing'}${isPending ? ' …' : ''}`}</p>;
    }
    const { rerender, container } = render(page(<Search text="a" />));
    const shown = () => container.textContent;
    rerender(page(<Search text="ann" />));
    expect(shown()).toBe('nothing …');
    act(() => void vi.advanceTimersByTime(300));
    expect(shown()).toBe('answer to ann');
    rerender(page(<Search text="anna" />));
    expect(shown()).toBe('nothing …');
    rerender(page(<Search text="a" />));
    expect(shown()).toBe('nothing');
    act(() => void vi.advanceTimersByTime(1000));
    expect(shown()).toBe('nothing');
    expect(asked).toEqual(['ann']);
  });
});

describe('uploads', () => {
  test('S8.20 G45 G46 G47 progress, giving up and sending again; the answer’s rows are confirmed and no tag is held up', async () => {
    const requests: FakeRequest[] = [];
    vi.stubGlobal(
      'XMLHttpRequest',
      class extends FakeRequest {
        constructor() {
          super();
          requests.push(this);
        }
      },
    );
    const { page, users, lockstep, store, time } = app();
    let upload!: UploadHandle<Blob, Person>;
    function Avatar() {
      upload = useUpload({
        request: (file: Blob) => ({ url: '/users/p01/avatar', body: file }),
        read: (body) => (body as { data: { user: Person } }).data.user,
        rows: (row) => [{ collection: users.name, row }],
      });
      const { state } = upload;
      return (
        <p>{state?.kind === 'sending' ? `${state.loaded} of ${state.total}` : (state?.kind ?? 'none')}</p>
      );
    }
    const { container } = render(page(<Avatar />));
    const shown = () => container.textContent;
    expect(shown()).toBe('none');
    await act(async () => {
      void upload.start(new Blob(['picture']));
      await settle();
    });
    await act(async () => {
      requests[0]!.progress(3, 7);
      await time.advance(100);
    });
    expect(shown()).toBe('3 of 7');
    expect(Object.keys(store.getState().api.mutations)).toEqual([]);
    await act(async () => {
      upload.abort();
      await settle();
    });
    expect(shown()).toBe('failed');
    await act(async () => {
      upload.retry();
      await settle();
    });
    await act(async () => {
      requests[1]!.answer(201, { data: { user: person('p01', { name: 'pictured', version: 2 }) } });
      await settle();
    });
    expect(shown()).toBe('done');
    expect(lockstep.selectRow(store.getState(), users, 'p01')?.name).toBe('pictured');
    expect(JSON.stringify(store.getState())).not.toContain('Blob');
    vi.unstubAllGlobals();
  });
});

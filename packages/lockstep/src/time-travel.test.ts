import { instrument, ActionCreators } from '@redux-devtools/instrument';
import { describe, expect, test } from 'vitest';
import { peopleApp, person } from './test-support/people-app.ts';
import { settle } from './test-support/people-server.ts';

const { jumpToState, importState, commit, toggleAction, reset } = ActionCreators;

/** The application under the instrument that the DevTools extension runs. */
function traveller() {
  const app = peopleApp([person('ada'), person('bob')], {}, instrument());
  const lifted = (
    app.store as unknown as { liftedStore: { dispatch(action: unknown): void; getState(): Lifted } }
  ).liftedStore;
  return { ...app, lifted, now: () => lifted.getState().currentStateIndex };
}

interface Lifted {
  readonly currentStateIndex: number;
  readonly computedStates: readonly unknown[];
}

describe('time travel', () => {
  test('S8.17 a jump back shows the rows of then, in details, lists and selectors, and the jump forth those of now', async () => {
    const { open, update, user, names, lifted, now, server, lockstep, users, store } = traveller();
    await open('bob', {});
    const then = now();
    await update('bob', { name: 'zoe' });
    const { selectById } = lockstep.adapter(users).getSelectors();
    const last = now();
    lifted.dispatch(jumpToState(then));
    expect(user('bob')?.name).toBe('bob');
    expect(names()).toEqual(['ada', 'bob']);
    expect(selectById(store.getState(), 'bob')?.version).toBe(1);
    lifted.dispatch(jumpToState(last));
    expect(user('bob')).toEqual(server.rows.get('bob'));
    expect(names()).toEqual(['ada', 'zoe']);
    expect(server.log).toEqual(['GET /users/bob', 'GET /users', 'PATCH /users/bob']);
  });

  test('S8.17 a jump across a pending write neither sends it again nor takes it out of the queue', async () => {
    const { open, update, user, lifted, now, server, runtime, intents } = traveller();
    await open('bob');
    const before = now();
    server.isHeld = true;
    const sending = update('bob', { name: 'zoe' });
    await settle();
    lifted.dispatch(jumpToState(before));
    expect(user('bob')?.name).toBe('bob');
    expect(runtime.outbox.entries()).toHaveLength(1);
    await server.waiting[0]!.answer();
    await sending.unwrap();
    expect(server.log).toEqual(['GET /users/bob', 'PATCH /users/bob']);
    lifted.dispatch(jumpToState(lifted.getState().computedStates.length - 1));
    expect(user('bob')).toEqual(server.rows.get('bob'));
    expect(intents()).toEqual([]);
    expect(runtime.outbox.entries()).toEqual([]);
  });

  test('S8.17 leaving an action out of history recomputes what is shown without it', async () => {
    const { open, runtime, user, lifted, now } = traveller();
    await open('bob');
    runtime.confirm([{ collection: 'users', row: person('bob', { name: 'zoe', version: 2 }) }]);
    const said = now();
    lifted.dispatch(toggleAction(said));
    expect(user('bob')?.name).toBe('bob');
    lifted.dispatch(toggleAction(said));
    expect(user('bob')?.name).toBe('zoe');
  });

  test('S8.17 an imported history, a commit and a reset leave rows, entries and views in step', async () => {
    const { open, update, names, lifted, lockstep, users, store } = traveller();
    await open('bob', {});
    await update('bob', { name: 'zoe' });
    const view = lockstep.collections.view({
      collection: users,
      order: [{ key: (row) => row.name, direction: 'desc' }],
    });
    const shown = (): string[] =>
      view.read(store.getState().lockstep.collections).rows.map(({ name }) => name);
    expect(shown()).toEqual(['zoe', 'ada']);
    lifted.dispatch(importState(JSON.parse(JSON.stringify(lifted.getState())) as never));
    expect(names()).toEqual(['ada', 'zoe']);
    expect(shown()).toEqual(['zoe', 'ada']);
    lifted.dispatch(commit());
    await update('ada', { name: 'zz' });
    expect(names()).toEqual(['zoe', 'zz']);
    expect(shown()).toEqual(['zz', 'zoe']);
    lifted.dispatch(reset());
    expect(names()).toBeUndefined();
    expect(shown()).toEqual([]);
  });
});

import { configureStore, createEntityAdapter, createSelector, createSlice } from '@reduxjs/toolkit';
import type { PayloadAction } from '@reduxjs/toolkit';

import { DAY, matchesText, NOW, PAGE, ROLE, SEARCH } from '../people.ts';
import type { Person, Role } from '../people.ts';
import type { Store, System } from '../system.ts';

/** createEntityAdapter and createSelector as a good tutorial wires them: sorted by `localeCompare`, an overlay by id. */
export const rtkGuide: System = { name: 'rtk-guide', most: 1_000_000, open };

const adapter = createEntityAdapter<Person>({
  sortComparer: (a, b) => b.lastActive.localeCompare(a.lastActive),
});

interface Shape {
  readonly people: ReturnType<typeof adapter.getInitialState>;
  readonly shown: Record<string, Partial<Person>>;
}

const initialState: Shape = { people: adapter.getInitialState(), shown: {} };

const slice = createSlice({
  name: 'people',
  initialState,
  reducers: {
    received: (state, { payload }: PayloadAction<readonly Person[]>) => {
      adapter.setAll(state.people, payload as Person[]);
    },
    added: (state, { payload }: PayloadAction<Person>) => {
      adapter.addOne(state.people, payload);
    },
    updated: (state, { payload }: PayloadAction<readonly Person[]>) => {
      if (payload.length === 1) adapter.updateOne(state.people, { id: payload[0]!.id, changes: payload[0]! });
      else
        adapter.updateMany(
          state.people,
          payload.map((person) => ({ id: person.id, changes: person })),
        );
    },
    removed: (state, { payload }: PayloadAction<string>) => {
      adapter.removeOne(state.people, payload);
    },
    showed: (state, { payload }: PayloadAction<Person>) => {
      state.shown[payload.id] = payload;
    },
    cleared: (state, { payload }: PayloadAction<string>) => {
      delete state.shown[payload];
    },
  },
});

type State = ReturnType<typeof slice.reducer>;

const { selectAll } = adapter.getSelectors((state: State) => state.people);
const selectShown = createSelector([selectAll, (state: State) => state], (people, { shown }) =>
  people.map((person) => ({ ...person, ...shown[person.id] })),
);
const selectMatching = createSelector([selectShown], (people) =>
  people.filter((person) => person.role === ROLE && matchesText(person, SEARCH)),
);
const selectPage = createSelector([selectMatching], (people) => ({
  rows: people.slice(0, PAGE),
  total: people.length,
}));
const selectStats = createSelector([selectAll], (people) => ({
  total: people.length,
  active24h: people.filter((person) => new Date(person.lastActive) > new Date(NOW - DAY)).length,
  active7d: people.filter((person) => new Date(person.lastActive) > new Date(NOW - 7 * DAY)).length,
  byRole: people.reduce<Partial<Record<Role, number>>>((counts, { role }) => {
    counts[role] = (counts[role] ?? 0) + 1;
    return counts;
  }, {}),
}));

function open(people: readonly Person[]): Store {
  const { actions, reducer } = slice;
  const store = configureStore({ reducer });
  store.dispatch(actions.received(people));
  return {
    update: (changed) => store.dispatch(actions.updated(changed)),
    insert: (person) => store.dispatch(actions.added(person)),
    remove: (id) => store.dispatch(actions.removed(id)),
    page: () => selectPage(store.getState()),
    stats: () => selectStats(store.getState()),
    tentatively(person) {
      store.dispatch(actions.showed(person));
      return () => store.dispatch(actions.cleared(person.id));
    },
  };
}

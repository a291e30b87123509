import { combineReducers, configureStore } from '@reduxjs/toolkit';
import { draftsReducer } from '../features/people/drafts-slice.ts';
import { systemClock } from '../ui/clock.ts';
import { api } from './api.ts';
import { createCacheSync } from './cache-sync.ts';
import { liveReducer } from './live-slice.ts';
import { sessionReducer } from './session-slice.ts';

const reducer = combineReducers({
  [api.reducerPath]: api.reducer,
  session: sessionReducer,
  live: liveReducer,
  drafts: draftsReducer,
});

export type RootState = ReturnType<typeof reducer>;

export function createStore() {
  return configureStore({
    reducer,
    middleware: (preset) => preset().concat(api.middleware, createCacheSync(systemClock.now)),
  });
}

export type AppStore = ReturnType<typeof createStore>;
export type AppDispatch = AppStore['dispatch'];

import type { Change } from '@lockstep/protocol';
import type { PayloadAction } from '@reduxjs/toolkit';
import { createAction, createSlice } from '@reduxjs/toolkit';

/** How the page hears of other people's changes. `refused`: the server will not have this page again. */
export type LiveStatus = 'off' | 'connecting' | 'live' | 'waiting' | 'refused';

interface LiveState {
  readonly status: LiveStatus;
  /** Ids of people who were deleted while this page was open, the latest last. */
  readonly gone: readonly string[];
}

const initialState: LiveState = { status: 'off', gone: [] };

/** More than a person could have open. */
const GONE_KEPT = 200;

const slice = createSlice({
  name: 'live',
  initialState,
  reducers: {
    statusChanged: (state, action: PayloadAction<LiveStatus>) => {
      state.status = action.payload;
    },
    peopleGone: (state, action: PayloadAction<readonly string[]>) => {
      state.gone = [...state.gone, ...action.payload].slice(-GONE_KEPT);
    },
    peopleBack: (state, action: PayloadAction<readonly string[]>) => {
      state.gone = state.gone.filter((id) => !action.payload.includes(id));
    },
  },
});

/** Changes of the feed, in its order; `lastOffset` is the position of the last one. */
export const changesReceived = createAction<{ changes: readonly Change[]; lastOffset: number }>(
  'live/changesReceived',
);

export const { statusChanged, peopleGone, peopleBack } = slice.actions;
export const liveReducer = slice.reducer;

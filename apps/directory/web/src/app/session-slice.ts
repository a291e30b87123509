import type { PayloadAction } from '@reduxjs/toolkit';
import { createSlice } from '@reduxjs/toolkit';

export type SessionEnd = 'expired' | 'signed-out';

interface SessionState {
  /** Why nobody is signed in any more, or null where no session was seen to end. */
  readonly ended: SessionEnd | null;
}

const initialState: SessionState = { ended: null };

const slice = createSlice({
  name: 'session',
  initialState,
  reducers: {
    sessionBegan: () => initialState,
    sessionEnded: (_state, action: PayloadAction<SessionEnd>) => ({ ended: action.payload }),
  },
});

export const { sessionBegan, sessionEnded } = slice.actions;
export const sessionReducer = slice.reducer;

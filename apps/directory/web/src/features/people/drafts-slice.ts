import type { PayloadAction } from '@reduxjs/toolkit';
import { createSlice } from '@reduxjs/toolkit';
import { sessionEnded } from '../../app/session-slice.ts';
import type { PersonValues } from './person-draft.ts';

/** What somebody typed into a person's form and has not saved, while the form is closed. */
export interface Draft {
  /** The id of the person whose form it is. */
  readonly id: string;
  /** Who typed it: nobody else ever sees it. */
  readonly owner: string;
  readonly base: PersonValues;
  readonly values: PersonValues;
}

const initialState: readonly Draft[] = [];

/** Enough for an afternoon of interruptions. */
const KEPT = 50;

const slice = createSlice({
  name: 'drafts',
  initialState,
  reducers: {
    draftKept: (state, action: PayloadAction<Draft>) =>
      [...without(state, action.payload), action.payload].slice(-KEPT),
    draftTaken: (state, action: PayloadAction<Pick<Draft, 'id' | 'owner'>>) => without(state, action.payload),
  },
  extraReducers: (build) => {
    // A session that expired comes back; one that was left does not.
    build.addCase(sessionEnded, (state, action) => (action.payload === 'signed-out' ? initialState : state));
  },
});

export const { draftKept, draftTaken } = slice.actions;
export const draftsReducer = slice.reducer;

function without(drafts: readonly Draft[], { id, owner }: Pick<Draft, 'id' | 'owner'>): readonly Draft[] {
  return drafts.filter((draft) => draft.id !== id || draft.owner !== owner);
}

import type { SerializedError } from '@reduxjs/toolkit';
import type { ApiError } from '../../app/base-query.ts';
import type { PersonField } from './person-draft.ts';
import { fieldErrors } from './person-draft.ts';

interface SaveFailure {
  readonly text: string;
  readonly fields: Partial<Record<PersonField, string>>;
}

/** What a failed save says, and beside which fields. Nothing that was typed is lost by any of them. */
export function saveFailure(error: ApiError | SerializedError | undefined): SaveFailure {
  if (error === undefined || !('kind' in error)) {
    return { text: 'Not saved: something went wrong here. Try again.', fields: {} };
  }
  if (error.kind === 'unreachable') {
    return {
      text: 'Not saved: the directory cannot be reached. What you typed stays here; try again.',
      fields: {},
    };
  }
  if (error.kind === 'unreadable') {
    return { text: 'The answer could not be read, so it may or may not be saved. Try again.', fields: {} };
  }
  switch (error.code) {
    case 'email-taken':
      return { text: 'Not saved.', fields: { email: 'Another person already has this address.' } };
    case 'last-admin':
      return {
        text: 'Not saved.',
        fields: { role: 'This is the last administrator. Make somebody else an administrator first.' },
      };
    case 'stale-version':
      return { text: 'Not saved: this person is being changed by others right now. Try again.', fields: {} };
    case 'not-found':
      return { text: 'Not saved: this person was deleted meanwhile.', fields: {} };
    default: {
      const { byField, others } = fieldErrors(error.errors);
      const said = [...others, ...(Object.keys(byField).length === 0 ? [error.detail || error.title] : [])];
      return { text: `Not saved. ${said.join(' ')}`.trim(), fields: byField };
    }
  }
}

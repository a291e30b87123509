import { protocolErrors } from '@lockstep/protocol';
import type { ErrorEntry } from '@lockstep/protocol';

const directoryErrors = {
  'wrong-credentials': {
    status: 401,
    title: 'Wrong email or password',
    description: 'No active account has this email and password. Which of the two is wrong is not said.',
    remedy: 'Try again, or ask an administrator for a new password.',
  },
  'email-taken': {
    status: 409,
    title: 'Email taken',
    description: 'Another person has this email address; capital letters make no difference.',
    remedy: 'Choose another address, or edit the person who has it.',
  },
  'last-admin': {
    status: 409,
    title: 'Last administrator',
    description: 'This would leave the directory without an active administrator.',
    remedy: 'Make somebody else an administrator first.',
  },
  'not-deleted': {
    status: 409,
    title: 'Not deleted',
    description: 'Only a deleted person can be restored.',
    remedy: 'Read the person; there is nothing to restore.',
  },
  'invitation-used': {
    status: 410,
    title: 'Invitation no longer valid',
    description: 'The invitation was accepted already, was withdrawn, or has expired.',
    remedy: 'Ask for a new invitation.',
  },
  'selection-expired': {
    status: 410,
    title: 'Selection no longer kept',
    description: 'A selection is kept for an hour after its last use.',
    remedy: 'Select again and confirm the new number.',
  },
  'wrong-password': {
    status: 422,
    title: 'Wrong current password',
    description: 'The current password that was given is not the right one.',
    remedy: 'Enter the current password again.',
  },
  'weak-password': {
    status: 422,
    title: 'Weak password',
    description:
      'The new password is among those that are guessed first, or holds the name or address of its owner.',
    remedy: 'Choose a longer phrase of several words.',
  },
  'bad-cursor': {
    status: 400,
    title: 'Bad cursor',
    description: 'The cursor was not made by this server for this list, or was altered.',
    remedy: 'Start the list again without a cursor.',
  },
  'bad-image': {
    status: 422,
    title: 'Not a usable picture',
    description: 'The file is not a whole JPEG, PNG or WebP picture of reasonable dimensions.',
    remedy: 'Choose another file, or save the picture as JPEG, PNG or WebP.',
  },
  'bad-csv': {
    status: 422,
    title: 'Not a readable table',
    description: 'The file is not CSV in UTF-8 with a header line, or a required column is missing.',
    remedy: 'Export a few people to see the expected columns.',
  },
} as const satisfies Record<string, ErrorEntry>;

/** Every code that the directory's API may answer with. */
export const errorCatalogue = { ...protocolErrors, ...directoryErrors } as const;

export type ErrorCode = keyof typeof errorCatalogue;

import { uuidv7Text, version } from '@lockstep/protocol/schema';
import { z } from 'zod';
import { LIMITS, ROLES, SORT_FIELDS, SORT_ORDERS, THEMES } from '../constants.ts';
import { normalise } from '../text.ts';
import { emailText, languageTag, line, nameText, role, userId } from './user.ts';

/** Asked only of what is otherwise right: a patch of unknown fields alone has the fault that they are unknown. */
const notEmpty = {
  error: 'expected at least one field to change',
  when: ({ issues }: { issues: unknown[] }) => issues.length === 0,
};

const preferencesPatch = z.strictObject({
  theme: z.enum(THEMES).exactOptional(),
  notifications: z.boolean().exactOptional(),
  language: languageTag.exactOptional(),
});

/** A new person. The client may choose the id (a version 7 UUID), so that nothing has to be swapped later. */
export const createUserBody = z.strictObject({
  id: uuidv7Text.exactOptional(),
  name: nameText,
  email: emailText,
  role: z.enum(ROLES).exactOptional(),
  preferences: preferencesPatch.exactOptional(),
});

/** A JSON Merge Patch of a person's writable fields; none of them may be removed. */
export const patchUserBody = z
  .strictObject({
    name: nameText.exactOptional(),
    email: emailText.exactOptional(),
    role: role.exactOptional(),
    preferences: preferencesPatch.exactOptional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, notEmpty);

export const batchUsersBody = z.strictObject({
  updates: z
    .array(z.strictObject({ id: userId, changes: patchUserBody, version: version.exactOptional() }))
    .min(1)
    .max(LIMITS.batch),
});

const secret = z.string().min(1).max(1024);

/** Lengths only, so that a form cannot tell known addresses from unknown ones. */
export const loginBody = z.strictObject({ email: z.string().min(1).max(LIMITS.email), password: secret });

export const newPassword = z
  .string()
  .min(LIMITS.passwordLeast)
  .max(LIMITS.password)
  .refine((text) => text.isWellFormed(), { error: 'expected well-formed text' });

export const passwordBody = z.strictObject({ currentPassword: secret, newPassword });

/** A list's filter as JSON, in bodies and saved views. */
export const filterBody = z.strictObject({
  role: role.exactOptional(),
  search: z.string().max(LIMITS.search).exactOptional(),
  isActive: z.boolean().exactOptional(),
  language: languageTag.exactOptional(),
  notifications: z.boolean().exactOptional(),
});

/** "All N matching", frozen when it is confirmed; `except` names those that were unticked. */
export const selectionBody = z.strictObject({
  filter: filterBody,
  except: z.array(userId).max(LIMITS.exceptions).exactOptional(),
});

/** One chunk of a change to a selection. */
export const selectionPatchBody = z.strictObject({
  changes: patchUserBody,
  cursor: z.string().min(1).max(LIMITS.cursor).exactOptional(),
  limit: z.int().min(1).max(LIMITS.chunk).exactOptional(),
});

const viewFields = {
  name: line(LIMITS.viewName).refine((text) => normalise(text) !== '', {
    error: 'expected at least one visible character',
  }),
  shared: z.boolean(),
  sortBy: z.enum(SORT_FIELDS),
  sortOrder: z.enum(SORT_ORDERS),
  /** The columns shown, in their order. */
  columns: z
    .array(line(50))
    .max(LIMITS.columns)
    .refine((names) => new Set(names).size === names.length, { error: 'expected each column once' }),
};

/** A part of a filter, merged into the saved one: null takes a condition out. */
const filterPatch = z.strictObject({
  role: role.nullable().exactOptional(),
  search: z.string().max(LIMITS.search).nullable().exactOptional(),
  isActive: z.boolean().nullable().exactOptional(),
  language: languageTag.nullable().exactOptional(),
  notifications: z.boolean().nullable().exactOptional(),
});

export const createViewBody = z.strictObject({
  id: uuidv7Text.exactOptional(),
  ...viewFields,
  filter: filterBody,
});

export const patchViewBody = z
  .strictObject({
    name: viewFields.name.exactOptional(),
    shared: viewFields.shared.exactOptional(),
    filter: filterPatch.exactOptional(),
    sortBy: viewFields.sortBy.exactOptional(),
    sortOrder: viewFields.sortOrder.exactOptional(),
    columns: viewFields.columns.exactOptional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, notEmpty);

export const createInvitationBody = z.strictObject({
  email: emailText,
  name: nameText.exactOptional(),
  role: role.exactOptional(),
});

export const acceptInvitationBody = z.strictObject({ token: secret, name: nameText, password: newPassword });

import { CHANGES_LIMIT } from '@lockstep/protocol';
import { instant } from '@lockstep/protocol/schema';
import { z } from 'zod';
import { DEFAULT_SORT, LIMITS, SORT_FIELDS, SORT_ORDERS } from '../constants.ts';
import { languageTag, role, userId } from './user.ts';

/** A whole number as a query writes it: digits only, without sign, point or leading zero. */
const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^(?:0|[1-9]\d{0,15})$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.int().min(least).max(most));

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** A moment that exists, as both databases know it. */
const moment = instant.refine((text) => isMoment(text), { error: 'expected a time from 1970 on' });

/** The form of an instant alone lets the 31st of February through. */
function isMoment(text: string): boolean {
  const ms = Date.parse(text);
  return ms >= 0 && new Date(ms).toISOString() === text;
}

const cursor = z.string().min(1).max(LIMITS.cursor);

const filterKeys = {
  role: role.exactOptional(),
  search: z.string().max(LIMITS.search).exactOptional(),
  isActive: flag.exactOptional(),
  language: languageTag.exactOptional(),
  notifications: flag.exactOptional(),
};

const sortKeys = {
  sortBy: z.enum(SORT_FIELDS).default(DEFAULT_SORT.sortBy),
  sortOrder: z.enum(SORT_ORDERS).default(DEFAULT_SORT.sortOrder),
};

const pageLimit = (most: number, preset: number) => whole(1, most).default(preset);

export const listUsersQuery = z.strictObject({
  page: whole(1, LIMITS.page).default(1),
  pageSize: pageLimit(LIMITS.pageSize, LIMITS.pageSizeDefault),
  ...sortKeys,
  ...filterKeys,
});

export const infiniteUsersQuery = z.strictObject({
  limit: pageLimit(LIMITS.pageSize, LIMITS.pageSizeDefault),
  cursor: cursor.exactOptional(),
  ...sortKeys,
  ...filterKeys,
});

export const searchUsersQuery = z.strictObject({
  q: z.string().max(LIMITS.search),
  limit: pageLimit(LIMITS.searchResults, LIMITS.searchResultsDefault),
});

export const snapshotUsersQuery = z.strictObject({
  cursor: cursor.exactOptional(),
  limit: pageLimit(LIMITS.snapshot, 1000),
});

export const seriesQuery = z.strictObject({
  from: moment,
  to: moment,
  bucket: z.enum(['hour', 'day', 'week', 'month']).default('day'),
});

/** `each`: every update stands for itself, with its own status; otherwise all or nothing. */
export const batchUsersQuery = z.strictObject({ mode: z.enum(['all', 'each']).default('all') });

export const pagedQuery = z.strictObject({
  cursor: cursor.exactOptional(),
  limit: pageLimit(LIMITS.pageSize, 50),
});

export const chunkQuery = z.strictObject({
  cursor: cursor.exactOptional(),
  limit: pageLimit(LIMITS.chunk, 500),
});

export const importQuery = z.strictObject({ dryRun: flag.default(false) });

export const exportUsersQuery = z.strictObject({ ...sortKeys, ...filterKeys });

export const auditQuery = z.strictObject({
  actor: userId.exactOptional(),
  action: z
    .string()
    .regex(/^[a-z]+(?:[.-][a-z]+)*$/, 'expected an action such as user.created')
    .max(60)
    .exactOptional(),
  from: moment.exactOptional(),
  to: moment.exactOptional(),
  cursor: cursor.exactOptional(),
  limit: pageLimit(LIMITS.pageSize, 50),
});

export const changesQuery = z.strictObject({
  since: whole(0, Number.MAX_SAFE_INTEGER),
  limit: pageLimit(CHANGES_LIMIT, CHANGES_LIMIT),
});

/** For calls that know no query keys at all. */
export const noQuery = z.strictObject({});
